"""``pyproxy serve``: run the server in the foreground."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from pyproxy.commands.invocation import Invocation
from pyproxy.settings import Text


@click.command()
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The configuration file, instead of $PYPROXY_CONFIG, ./pyproxy.yaml or /etc/pyproxy/pyproxy.yaml.",
)
@click.option("--host", metavar="H", help="The address to listen on, instead of server.host.")
@click.option("--port", metavar="P", help="The port to listen on, instead of server.port; 0 takes a free one.")
@click.option("--workers", metavar="N", help="Processes that share the port and the cache; 0 is one per core.")
@click.option("--storage", metavar="DIR", help="Where database and cached files are, instead of storage.directory.")
@click.pass_obj
def serve(
    invocation: Invocation,
    config_path: Path | None,
    host: str | None,
    port: str | None,
    workers: str | None,
    storage: str | None,
) -> None:
    """Run the server until SIGTERM or Ctrl-C."""
    options = {"server.host": host, "server.port": port, "server.workers": workers, "storage.directory": storage}
    overrides = {key: Text(value) for key, value in options.items() if value is not None}
    if config_path is not None:
        invocation = replace(invocation, config_path=config_path)
    load = partial(invocation.load_file, overrides=overrides)

    # Imported late: the other commands start without these modules, and the supervisor without those of a worker.
    from pyproxy.app.orders import Supervised
    from pyproxy.app.signals import WorkerSignals

    if (supervised := Supervised.of(os.environ)) is not None:
        signals = WorkerSignals()
        from pyproxy.app.work import work

        work(supervised, signals, load, invocation.environ)
        return

    from pyproxy.app import serve as supervise

    file = invocation.find_file()
    supervise(load(file), file, invocation.find_file)
