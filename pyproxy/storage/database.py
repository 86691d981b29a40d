"""The SQLite database: reads where one stands, writes on one thread.

Point reads take microseconds and run on the event loop's thread. Every write of a process runs on its one writer
thread, each in a transaction of its own, so the loop never waits for the disk. Several processes may have the
database open (server workers, commands); SQLite's own locks keep them apart.

A connection must not be carried over a fork: open the database in each worker.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from pyproxy.errors import StorageDamaged, StorageError
from pyproxy.storage.database_errors import OUR_MISTAKES, is_busy, sentence
from pyproxy.storage.database_file import DatabaseFile
from pyproxy.storage.migrations import Migration, applied, is_newest, migrate
from pyproxy.storage.schema import MIGRATIONS

log = logging.getLogger(__name__)

T = TypeVar("T")

SQLITE_VERSION = sqlite3.sqlite_version

BUSY_TIMEOUT_MS = 5000
"""How long a write waits for another process's write."""

BUSY_PAUSE_SECONDS = 0.02
"""Between two tries of what SQLite does not wait for by itself."""

BUSY_STEP_MS = 300
"""How soon a write that waits so notices that it should wait no longer."""

LOG_SIZE_LIMIT = 64 * 1024 * 1024
"""Bytes to which the write-ahead log shrinks back after a large transaction."""

Parameters = Mapping[str, object]


class Database:
    """An open database; ``open`` makes one.

    ``read`` is the reader's connection; rows answer to column names. Its statements must be fetched to their end,
    or they hold an old state of the database. ``damaged``: SQLite has met something that it could not read; what else
    it can read goes on being read. ``file`` tells whether what is open still lies at ``path``.
    """

    def __init__(self, path: Path, reader: sqlite3.Connection, writer: sqlite3.Connection | None) -> None:
        self.path = path
        self.file = DatabaseFile.of(path)
        self.read = reader
        self._writer = writer
        self.damaged = False
        self._patient = True
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")

    @classmethod
    def open(
        cls, path: Path, *, read_only: bool = False, migrations: Sequence[Migration] = MIGRATIONS
    ) -> Database:
        """Open the database, brought to the newest schema; a missing one is created unless ``read_only``.

        Raises `StorageError` when it cannot be opened, is damaged, or was made by a newer version.
        """
        writer = None
        try:
            try:
                if not read_only:
                    _create_private(path)
                    writer = connect(path, "rwc")
                    _prepare_patiently(writer, migrations)
                    writer.execute(f"PRAGMA busy_timeout = {BUSY_STEP_MS}")
                reader = connect(path, "ro" if read_only else "rw")
                reader.execute("PRAGMA query_only = ON")
                if read_only:
                    _check_schema(reader, migrations, path)
            except sqlite3.Error as error:
                raise sentence(error, path) from error
        except StorageError:
            if writer is not None:
                writer.close()
            raise
        return cls(path, reader, writer)

    def one(self, sql: str, parameters: Parameters) -> sqlite3.Row | None:
        """The first row of a query, if there is one. Raises `StorageError`."""
        try:
            row: sqlite3.Row | None = self.read.execute(sql, parameters).fetchone()
        except sqlite3.Error as error:
            raise self._failed(error) from error
        return row

    def all(self, sql: str, parameters: Parameters) -> list[sqlite3.Row]:
        """All rows of a query. Raises `StorageError`."""
        try:
            return self.read.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise self._failed(error) from error

    async def all_aside(self, sql: str, parameters: Parameters) -> list[sqlite3.Row]:
        """All rows of a query that takes its time: in a thread, on a connection of its own. Raises `StorageError`."""
        if self.file.loss() is not None:  # by the path there would be nothing, or somebody else's rows
            return await self.write(lambda connection: connection.execute(sql, parameters).fetchall())
        return await asyncio.get_running_loop().run_in_executor(None, self._all_aside, sql, parameters)

    async def write(self, function: Callable[[sqlite3.Connection], T], *, patient: bool = True) -> T:
        """Run ``function`` on the writer thread, in one transaction; its exceptions roll back and come out here.

        A caller that is cancelled meanwhile does not end the write. One that is not ``patient`` waits only for short
        writes of other processes, and so does not keep the writes behind it waiting. Raises `StorageError`.
        """
        return await asyncio.shield(asyncio.wrap_future(self._submit(function, patient)))

    def write_now(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """The same, waiting for it: for commands and worker threads, never on the event loop."""
        return self._submit(function).result()

    def write_later(self, function: Callable[[sqlite3.Connection], object]) -> None:
        """The same, waited for by nobody; a failure is logged."""
        self._submit(function).add_done_callback(_log_failure)

    def stop_waiting(self) -> None:
        """From now on writes wait only for short writes of other processes: the end must not take as long as those.

        Once one has waited in vain, the others fail at once.
        """
        self._patient = False

    def close(self) -> None:
        """Finish the writes that were asked for, then close."""
        self._thread.shutdown(wait=True)
        self.read.close()
        if self._writer is not None:
            self._writer.close()

    def _all_aside(self, sql: str, parameters: Parameters) -> list[sqlite3.Row]:
        try:
            with contextlib.closing(connect(self.path, "ro")) as connection:
                return connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _submit(self, function: Callable[[sqlite3.Connection], T], patient: bool = True) -> Future[T]:
        try:
            return self._thread.submit(self._transact, function, patient)
        except RuntimeError as error:
            raise StorageError(f"{self.path} is closed already") from error

    def _transact(self, function: Callable[[sqlite3.Connection], T], patient: bool) -> T:
        connection = self._writer
        if connection is None:
            raise StorageError(f"{self.path} was opened for reading only")
        try:
            self._begin(connection, patient)
            try:
                result = function(connection)
                connection.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself after some failures (disk full).
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except OUR_MISTAKES:
            raise
        except sqlite3.Error as error:
            raise self._failed(error) from error
        return result

    def _begin(self, connection: sqlite3.Connection, patient: bool) -> None:
        deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if not is_busy(error) or time.monotonic() >= deadline:
                    raise
                if not self._patient:
                    connection.execute("PRAGMA busy_timeout = 0")
                if not (patient and self._patient):
                    raise

    def _failed(self, error: sqlite3.Error) -> StorageError:
        """What to raise for it; damage is told in full to the log, once."""
        failure = sentence(error, self.path)
        if not isinstance(failure, StorageDamaged) or not self.damaged:
            if isinstance(failure, StorageDamaged):
                self.damaged = True
                log.error("%s", failure)
            return failure
        return StorageDamaged(f"{self.path} is damaged: see the first message about it")


def _check_schema(reader: sqlite3.Connection, migrations: Sequence[Migration], path: Path) -> None:
    """Close the connection and raise `StorageError` where the schema is not the one that is expected."""
    newest = False
    try:
        newest = is_newest(reader, migrations)
    finally:
        if not newest:
            reader.close()
    if not newest:
        raise StorageError(f"{path} has the schema of an older version: start the server once, or restart it")


def _create_private(path: Path) -> None:
    """Make a missing file readable by its owner only, for hashes of passwords lie in it; others stay as they are."""
    # What stands in the way, SQLite meets as well, and `sentence` has words for it.
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """A connection as all of ours are; ``mode`` is that of SQLite's URIs (``ro``, ``rw``, ``rwc``)."""
    # One thread at a time uses each connection, but not always the one that opened it.
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_TIMEOUT_MS / 1000,
    )
    connection.row_factory = sqlite3.Row
    return connection


def _prepare_patiently(writer: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    """`_prepare`, again while others do the same: for the change to WAL, SQLite's own waiting is not asked."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            _prepare(writer, migrations)
            return
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() >= deadline:
                raise
            time.sleep(BUSY_PAUSE_SECONDS)


def _prepare(writer: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    applied(writer)  # before anything is changed: is it ours at all?
    # Only possible before the first table; lets the file shrink when pages go.
    writer.execute("PRAGMA auto_vacuum = INCREMENTAL")
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("PRAGMA synchronous = NORMAL")
    writer.execute(f"PRAGMA journal_size_limit = {LOG_SIZE_LIMIT}")
    writer.execute("PRAGMA foreign_keys = ON")
    migrate(writer, migrations)


def _log_failure(future: Future[object]) -> None:
    error = future.exception()
    if isinstance(error, StorageError):
        log.error("%s", error)
    elif error is not None:
        log.error("a write failed", exc_info=error)
