"""The command ``pyproxy``: one module per group of subcommands, put together here.

Exit status: 0, 1 (it failed; one line says why), 2 (usage or configuration).
"""

from __future__ import annotations

import os
from pathlib import Path

import click

from pyproxy import __version__
from pyproxy.commands.cache import cache
from pyproxy.commands.config import config
from pyproxy.commands.explain import explain
from pyproxy.commands.group import PyproxyGroup
from pyproxy.commands.invocation import Invocation
from pyproxy.commands.prefetch import prefetch
from pyproxy.commands.serve import serve
from pyproxy.commands.token import token
from pyproxy.commands.upstream import upstream
from pyproxy.commands.user import user


@click.group(cls=PyproxyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The configuration file, instead of $PYPROXY_CONFIG, ./pyproxy.yaml or /etc/pyproxy/pyproxy.yaml.",
)
@click.version_option(__version__, prog_name="pyproxy")
@click.pass_context
def main(ctx: click.Context, config_path: Path | None) -> None:
    """One index URL for a team: local files, cached files, then upstreams in priority order.

    Without a command, serve runs; its options (pyproxy serve --help) are accepted then, too.
    """
    ctx.obj = Invocation(config_path, dict(os.environ))


main.add_command(serve)
main.add_command(cache)
main.add_command(config)
main.add_command(explain)
main.add_command(prefetch)
main.add_command(token)
main.add_command(upstream)
main.add_command(user)
