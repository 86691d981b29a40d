"""The only wiring: opens what has a life, puts the components together, serves, and closes in reverse.

``serve`` is all that the command needs. It runs in the supervisor (``workers.py``), whose order is: configuration
checked for what would end the start, the storage directory locked, sockets bound, workers started. A worker's is
in ``work.py``, then ``lifecycle.py``. This module imports nothing of what only a worker needs.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, MutableMapping, Sequence
from pathlib import Path

from pyproxy.app import logs
from pyproxy.app.checks import check
from pyproxy.app.limits import raise_open_files
from pyproxy.app.listening import addresses, bind
from pyproxy.app.notify import ServiceManager
from pyproxy.app.orders import Occasion, Order, Report
from pyproxy.app.shared_figures import forget_worker, make_folder
from pyproxy.app.signals import SupervisorSignals
from pyproxy.app.worker_process import WorkerProcess, own_command
from pyproxy.app.workers import Workers
from pyproxy.config import ConfigFile, LoadedConfig, LoggingConfig
from pyproxy.config.keys import flatten
from pyproxy.config.model import Config
from pyproxy.errors import ConfigurationError, StorageInUse
from pyproxy.net.loop_guard import new_name
from pyproxy.storage.directory import prepare_whole
from pyproxy.storage.lock import StorageLock

FIXED = ("server.host", "server.port", "storage.directory")
"""What a reload cannot change: the sockets are bound, the directory is locked."""

ABANDONED_SECONDS = 12.0
"""The workers of a server that was killed are gone after ten."""

LOOK_SECONDS = 0.1

FindFile = Callable[[], ConfigFile | None]
"""Reads the configuration file, wherever it is. Raises `ConfigurationError`."""


def serve(
    loaded: LoadedConfig,
    file: ConfigFile | None,
    find_file: FindFile,
    environ: MutableMapping[str, str] = os.environ,
    command: Sequence[str] | None = None,
) -> None:
    """Run the server in the foreground until SIGTERM or Ctrl-C.

    ``loaded`` was made of ``file``, ``find_file`` reads it again for a reload; ``command`` starts a worker, by default
    the command that started this. Raises `PyproxyError` when it cannot start.
    """
    config = loaded.config
    signals = SupervisorSignals()
    raise_open_files()
    check(config, loaded.sources)
    logs.set_up(config.logging)
    directory = config.storage.directory.absolute()
    lock = _lock(directory, signals)
    try:
        prepare_whole(directory)
        make_folder(directory)
        sockets = bind(config.server)
        where = addresses(sockets, config.server)
        manager = ServiceManager.of(environ, status=f"serving at {', '.join(where)}")
        orders = Orders(config, file, find_file, sockets, lock)
        Workers(
            lambda number, occasion, speaks: WorkerProcess(
                command or own_command(), orders.order(number, occasion, speaks=speaks), environ
            ),
            signals,
            manager,
            read_again=orders.read_again,
            adapt=_adapt,
            forget=lambda number: forget_worker(directory, number),
            close=lambda: _close(sockets),
        ).run()
    finally:
        lock.release()


class Orders:
    """What workers are told, all the same but for themselves; ``read_again`` changes the configuration in it."""

    def __init__(
        self,
        config: Config,
        file: ConfigFile | None,
        find_file: FindFile,
        sockets: Sequence[socket.socket],
        lock: StorageLock,
    ) -> None:
        settings = dict(flatten(config))
        self._held = {key: str(settings[key]) for key in FIXED}
        self._file = file
        self._find_file = find_file
        self._sockets = tuple(listener.fileno() for listener in sockets)
        self._lock = lock.fileno()
        self._name = new_name()
        self._started_at = time.time()

    def order(self, number: int, occasion: Occasion, *, speaks: bool) -> Order:
        """The order for one worker."""
        return Order(
            number=number,
            occasion=occasion,
            speaks=speaks,
            name=self._name,
            process=os.getpid(),
            started_at=self._started_at,
            sockets=self._sockets,
            lock=self._lock,
            held=self._held,
            path=None if self._file is None else str(self._file.path),
            text=None if self._file is None else self._file.text,
        )

    def read_again(self) -> Callable[[], None]:
        """Later orders have the file as it is now; what is given takes that back.

        Raises `ConfigurationError`, also for a file that is gone: the defaults would let in whom it keeps out.
        """
        before, found = self._file, self._find_file()
        if before is not None and (found is None or found.path != before.path) and not before.path.exists():
            raise ConfigurationError(
                "the configuration file is gone",
                where=str(before.path),
                suggestion="put it back; to do without it, restart the server",
            )
        self._file = found

        def take_back() -> None:
            self._file = before

        return take_back


def _lock(directory: Path, signals: SupervisorSignals) -> StorageLock:
    """Lock the directory; the workers of a server that was killed are waited for, for they end by themselves."""
    deadline = time.monotonic() + ABANDONED_SECONDS
    while True:
        try:
            return StorageLock(directory)
        except StorageInUse as error:
            if not error.abandoned or signals.stops or time.monotonic() >= deadline:
                raise
        time.sleep(LOOK_SECONDS)


def _close(sockets: Sequence[socket.socket]) -> None:
    for listener in sockets:
        listener.close()


def _adapt(report: Report) -> None:
    """The supervisor logs as its workers do."""
    logs.set_up(LoggingConfig(level=report.log_level, format=report.log_format))  # type: ignore[arg-type]
