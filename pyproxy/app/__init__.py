"""The only wiring: opens what has a life, puts the components together, serves, and closes in reverse.

``serve`` is all that the commands need. Order: configuration checked for what would end the start, the storage
directory locked, upstreams seeded, sockets bound; then, in each process, ``lifecycle.run``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import replace

from pyproxy import __version__
from pyproxy.app import logs
from pyproxy.app.checks import check
from pyproxy.app.lifecycle import run
from pyproxy.app.listening import addresses, bind
from pyproxy.app.notify import ServiceManager, Supervisor
from pyproxy.app.origin import Origin
from pyproxy.app.resources import seed_upstreams
from pyproxy.app.set_up import offer_set_up
from pyproxy.app.shared_figures import share
from pyproxy.app.signals import Signals
from pyproxy.app.tls import KeyPair, load_pair, tell_end
from pyproxy.app.warnings import warn
from pyproxy.app.workers import supervise
from pyproxy.config.model import Config
from pyproxy.net.loop_guard import new_name
from pyproxy.storage.directory import prepare_whole
from pyproxy.storage.lock import StorageLock

log = logging.getLogger(__name__)


def serve(config: Config, environ: Mapping[str, str] = os.environ, origin: Origin | None = None) -> None:
    """Run the server in the foreground until SIGTERM or Ctrl-C; ``origin`` says where the configuration comes from.

    Raises `ConfigurationError`, `StorageError` or `ListenError` when it cannot start.
    """
    origin = origin or Origin()
    check(config, origin.sources)
    signals = Signals()
    logs.set_up(config.logging)
    config = replace(config, storage=replace(config.storage, directory=config.storage.directory.absolute()))
    tls = load_pair(config.server)
    name = new_name()

    def work(number: int, supervisor: Supervisor) -> None:
        serving = run(
            config, sockets, tls=tls, environ=environ, signals=signals, supervisor=supervisor, speaks=number == 0,
            name=name, origin=origin,
        )  # fmt: skip
        asyncio.run(serving)

    lock = StorageLock(config.storage.directory)
    try:
        prepare_whole(config.storage.directory)
        upstreams = seed_upstreams(config, environ)
        sockets = bind(config.server)
        _announce(config, sockets, tls)
        warn(upstreams, config)
        offer_set_up(config, environ, addresses(sockets, config.server))
        manager = ServiceManager.of(os.environ, status=f"serving at {', '.join(addresses(sockets, config.server))}")
        workers = config.server.workers or os.cpu_count() or 1
        share(config.storage.directory, workers)
        if workers == 1:
            work(0, manager)
        else:
            supervise(workers, work, signals, manager)
    finally:
        lock.release()


def _announce(config: Config, sockets: list[socket.socket], tls: KeyPair | None) -> None:
    for address in addresses(sockets, config.server):
        log.info("pyproxy %s listens on %s; index URL: %ssimple/", __version__, address, address)
    log.info("storage: %s", config.storage.directory)
    if tls is not None:
        tell_end(tls, time.time())
    if config.cache.offline:
        log.info("offline: no upstream is asked")
