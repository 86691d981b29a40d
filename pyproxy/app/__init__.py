"""The only wiring: opens what has a life, puts the components together, serves, and closes in reverse.

``serve`` is all that the commands need. Order: configuration checked for what would end the start, the storage
directory locked, upstreams seeded, sockets bound; then, in each process, ``lifecycle.run``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from pyproxy import __version__
from pyproxy.app import logs
from pyproxy.app.checks import check
from pyproxy.app.lifecycle import remember_signals, run
from pyproxy.app.listening import addresses, bind, tls_context
from pyproxy.app.resources import seed_upstreams
from pyproxy.app.warnings import warn
from pyproxy.app.workers import supervise
from pyproxy.config.model import Config
from pyproxy.storage.lock import StorageLock

log = logging.getLogger(__name__)


def serve(
    config: Config, environ: Mapping[str, str] = os.environ, sources: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Run the server in the foreground until SIGTERM or Ctrl-C; ``sources`` says where a key was given.

    Raises `ConfigurationError`, `StorageError` or `ListenError` when it cannot start.
    """
    check(config, sources)
    received = remember_signals()
    logs.set_up(config.logging)
    config = replace(config, storage=replace(config.storage, directory=config.storage.directory.absolute()))
    tls = tls_context(config.server)

    def work() -> None:
        asyncio.run(run(config, sockets, tls=tls, environ=environ, received=received))

    lock = StorageLock(config.storage.directory)
    try:
        upstreams = seed_upstreams(config, environ)
        sockets = bind(config.server)
        _announce(config, sockets)
        warn(upstreams)
        workers = config.server.workers or os.cpu_count() or 1
        if workers == 1:
            work()
        else:
            supervise(workers, work, received)
    finally:
        lock.release()


def _announce(config: Config, sockets: list[socket.socket]) -> None:
    for address in addresses(sockets, config.server):
        log.info("pyproxy %s listens on %s; index URL: %ssimple/", __version__, address, address)
    log.info("storage: %s", config.storage.directory)
    if config.cache.offline:
        log.info("offline: no upstream is asked")
