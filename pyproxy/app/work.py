"""One worker, from its order to its end: the configuration taken in, the database brought forward, then served.

Whatever keeps it from serving goes to the supervisor as a sentence, which decides what that means: the end of the
start, or of a reload.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pyproxy import __version__
from pyproxy.app import logs
from pyproxy.app.checks import check
from pyproxy.app.lifecycle import run
from pyproxy.app.listening import addresses
from pyproxy.app.orders import Order, Report, Supervised
from pyproxy.app.origin import Origin
from pyproxy.app.resources import seed_upstreams
from pyproxy.app.set_up import offer_set_up
from pyproxy.app.shared_figures import count_in
from pyproxy.app.signals import WorkerSignals
from pyproxy.app.tls import KeyPair, load_pair, tell_end
from pyproxy.app.warnings import warn
from pyproxy.config import ConfigFile, LoadedConfig
from pyproxy.config.keys import flatten
from pyproxy.config.model import Config
from pyproxy.errors import ConfigurationError, PyproxyError
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME

log = logging.getLogger(__name__)

Load = Callable[[ConfigFile | None], LoadedConfig]
"""The configuration with this file. Raises `ConfigurationError`."""

PAIR_SECONDS = 0.5

FAILED = 1


def work(supervised: Supervised, signals: WorkerSignals, load: Load, environ: Mapping[str, str]) -> None:
    """Do what the order says until the supervisor, or a signal, ends it."""
    order = supervised.order
    try:
        loaded = load(order.file)
        config = _with_what_is_held(loaded.config, order)
        logs.set_up(config.logging)
        if order.occasion == "more":
            _wait_for_fitting_pair(config, supervised)
        check(config, loaded.sources)
        origin = Origin(
            file=loaded.path, sources=loaded.sources, process=order.process, started_at=order.started_at
        )
        sockets = [socket.socket(fileno=descriptor) for descriptor in order.sockets]
        tls = load_pair(config.server)
        _prepare(loaded.config, config, order, sockets, tls, environ)
        count_in(config.storage.directory, order.number)
        asyncio.run(
            run(config, sockets, tls=tls, environ=environ, signals=signals, supervised=supervised, origin=origin)
        )
    except PyproxyError as error:
        supervised.report(Report(failure=str(error), usage=isinstance(error, ConfigurationError)))
        raise SystemExit(FAILED) from error


def _with_what_is_held(config: Config, order: Order) -> Config:
    """The configuration but for what the running server cannot change any more."""
    held = order.held
    return replace(
        config,
        server=replace(config.server, host=str(held["server.host"]), port=int(held["server.port"])),
        storage=replace(config.storage, directory=Path(held["storage.directory"]).absolute()),
    )


def _prepare(
    wanted: Config,
    config: Config,
    order: Order,
    sockets: list[socket.socket],
    tls: KeyPair | None,
    environ: Mapping[str, str],
) -> None:
    """What one worker does for all: the first one, and the first of a reload."""
    if order.occasion != "start":
        _check_database(config)
    if order.occasion == "more":
        return
    if order.occasion == "reload":
        log.info("SIGHUP: the workers are replaced one by one")
        _tell_what_is_held(wanted, order)
    upstreams = seed_upstreams(config, environ)
    if order.occasion == "start":
        _announce(config, addresses(sockets, config.server))
    if tls is not None:
        tell_end(tls, time.time())
    warn(upstreams, config)
    if order.occasion == "start":
        offer_set_up(config, environ, addresses(sockets, config.server))


def _announce(config: Config, where: Sequence[str]) -> None:
    for address in where:
        log.info("pyproxy %s listens on %s; index URL: %ssimple/", __version__, address, address)
    log.info("storage: %s", config.storage.directory)
    if config.cache.offline:
        log.info("offline: no upstream is asked")


def _wait_for_fitting_pair(config: Config, supervised: Supervised) -> None:
    """Wait, until the supervisor loses its patience: the pair is perhaps being written, and the others have theirs.

    Raises `WorkersFailed` when the supervisor is gone: the port and the storage directory are for the next server then.
    """
    told = False
    while True:
        try:
            load_pair(config.server)
            return
        except ConfigurationError as error:
            if not told:
                log.error("a new worker waits for a certificate that fits: %s", error)
            told = True
            supervised.check_supervisor()
            time.sleep(PAIR_SECONDS)


def _check_database(config: Config) -> None:
    """Raise `StorageError` where the database would have to be brought forward: the others work on it as it is."""
    Database.open(config.storage.directory / DATABASE_NAME, read_only=True).close()


def _tell_what_is_held(wanted: Config, order: Order) -> None:
    settings = dict(flatten(wanted))
    for key, held in order.held.items():
        if str(settings[key]) != held:
            log.warning("%s is %s now, but stays %s until a restart", key, settings[key], held)
