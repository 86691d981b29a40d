"""What is opened once, shared by everything, and closed in reverse: database, files, downloads, workshop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyproxy.app.limits import possible_put_off
from pyproxy.config.model import Config
from pyproxy.errors import StorageError
from pyproxy.net.downloads import Downloads
from pyproxy.net.lull import MOST, Lull
from pyproxy.net.sharing.processes import Processes
from pyproxy.repositories.local import LocalRepository
from pyproxy.repositories.workshop import Workshop
from pyproxy.storage.claims import Claims
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.failures import FailureStore
from pyproxy.storage.files import FileStore
from pyproxy.storage.integrity import check_at_start
from pyproxy.storage.pages import PageStore
from pyproxy.storage.project_lists import ProjectListStore
from pyproxy.storage.recorded import RecordedHashes
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import StoredUpstream, UpstreamStore

log = logging.getLogger(__name__)

UPKEEP_SECONDS = 10.0
"""How often counted uses are written, orphaned pages swept, and the sum of cached files looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """The open parts of one server process."""

    database: Database
    upstreams: UpstreamStore
    pages: PageStore
    recorded: RecordedHashes
    failures: FailureStore
    files: FileStore
    lists: ProjectListStore
    downloads: Downloads
    lull: Lull
    workshop: Workshop
    local: LocalRepository | None

    async def keep_up(self) -> None:
        """Write what was counted, sweep what is orphaned, keep to ``storage.max_size``, for ever."""
        await asyncio.gather(self._complete_index(), self._write_and_sweep(), self._trim())

    async def _complete_index(self) -> None:
        try:
            await self.files.index.keep_completing()
        except StorageError as error:
            log.error("the index of files is not complete, and the next start tries again: %s", error)

    async def _write_and_sweep(self) -> None:
        while True:
            await asyncio.sleep(UPKEEP_SECONDS)
            with contextlib.suppress(StorageError):  # logged where it matters: by requests
                await self.files.flush_uses()
                await self.pages.sweep()

    async def _trim(self) -> None:
        # At once, where the limit was lowered since the last start; and apart, for that may take minutes.
        while True:
            try:
                await self.files.trim()
            except StorageError as error:
                log.warning("the cached files stay more than storage.max_size for now: %s", error)
            await asyncio.sleep(UPKEEP_SECONDS)

    async def close(self) -> None:
        """Let running downloads go, write what was counted, close everything; not held up by other processes."""
        self.lull.end()
        self.database.stop_waiting()
        await self.downloads.close()
        with contextlib.suppress(StorageError):
            await self.files.flush_uses()
        self.files.close()
        self.workshop.close()
        self.database.close()


def open_resources(config: Config, environ: Mapping[str, str], clock: Callable[[], float]) -> Resources:
    """Open everything below ``storage.directory``; the caller holds its lock.

    Raises `StorageError` when it cannot be used.
    """
    local = None
    if config.local.directory is not None:
        local = LocalRepository(config.local.directory, clock=clock)
    directory = config.storage.directory
    database = Database.open(directory / DATABASE_NAME)
    files = FileStore(
        directory, database, min_free=config.storage.min_free, max_size=config.storage.max_size, clock=clock
    )
    return Resources(
        database=database,
        upstreams=UpstreamStore(database, SecretBox.open(directory, environ)),
        pages=PageStore(database),
        recorded=RecordedHashes(database, clock),
        failures=FailureStore(database),
        files=files,
        lists=ProjectListStore(directory, files.temporary),
        lull=Lull(min(MOST, possible_put_off())),
        downloads=Downloads(Processes(Claims(directory), files.workspace)),
        workshop=Workshop(),
        local=local,
    )


def seed_upstreams(config: Config, environ: Mapping[str, str]) -> list[StoredUpstream]:
    """Put the configured upstreams that were never seen before into the database; all that are in it then.

    On a connection of its own, closed again: none may be carried over the fork of the workers. Raises `StorageError`,
    also for what is found damaged now.
    """
    database = Database.open(config.storage.directory / DATABASE_NAME)
    try:
        check_at_start(database)
        store = UpstreamStore(database, SecretBox.open(config.storage.directory, environ))
        store.seed(config.seeds)
        return store.list()
    finally:
        database.close()
