"""The command ``pyproxy``: one module per group of subcommands, put together here.

Each is imported when it is asked for, above all so that the server's supervisor, which lives as long as the server,
holds nothing of what the other commands need.

Exit status: 0, 1 (it failed; one line says why), 2 (usage or configuration).
"""

from __future__ import annotations

import os
from pathlib import Path

import click

from pyproxy import __version__
from pyproxy.commands.group import PyproxyGroup
from pyproxy.commands.invocation import Invocation

COMMANDS = ("cache", "config", "explain", "prefetch", "serve", "token", "upstream", "user")
"""Each stands under its name in the module of its name."""


@click.group(cls=PyproxyGroup, later=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
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
