"""``pyproxy config``: look at the configuration without starting a server."""

from __future__ import annotations

import click

from pyproxy.commands.invocation import Invocation
from pyproxy.config.show import show as shown
from pyproxy.settings import warnings


@click.group()
def config() -> None:
    """Check or show the configuration."""


@config.command()
@click.pass_obj
def check(invocation: Invocation) -> None:
    """Name every mistake of the configuration. The exit status is 2 if there is one."""
    loaded = invocation.load()

    # Imported late: what starts the server needs the web server's modules.
    from pyproxy.app.checks import check as check_start
    from pyproxy.app.limits import raise_open_files
    from pyproxy.app.warnings import settings_warnings

    check_start(loaded.config, loaded.sources)
    raise_open_files()  # as the server does, which is told of
    for said in settings_warnings(loaded.config, loaded.config.upstreams):
        click.echo(f"warning: {said}", err=True)
    for upstream in loaded.config.upstreams:
        for warning in warnings(upstream):
            click.echo(f"warning: upstream {upstream.name}: {warning}", err=True)
    click.echo(f"{loaded.path} is valid" if loaded.path else "no configuration file was found; the defaults hold")


@config.command()
@click.pass_obj
def show(invocation: Invocation) -> None:
    """Print the configuration as it holds. Each value that was given has its source beside it, secrets are masked."""
    loaded = invocation.load()
    click.echo(f"# {loaded.path}" if loaded.path else "# no configuration file was found")
    click.echo("# Upstreams are put into the database the first time a name is seen; see: pyproxy upstream list")
    click.echo(shown(loaded), nl=False)
