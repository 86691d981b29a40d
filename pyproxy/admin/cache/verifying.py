"""Every cached file read and compared with what is known of it; see ``storage/inspection.py`` for what is mended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from pyproxy.admin.cache.whole_steps import whole
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from pyproxy.storage.inspection import Finding, Inspection, Watch
from pyproxy.storage.inventory import Inventory
from pyproxy.storage.kept import Kept

P = TypeVar("P")


@dataclass(slots=True)
class Progress:
    """How far a verification has come; ``total_bytes`` is what was kept when it began."""

    total_bytes: int = 0
    files: int = 0
    bytes: int = 0


class Verifying:
    """Verifies the files of a storage directory, beside a running server.

    ``progress`` may be looked at all the time; ``found`` is called with each finding as it is made.
    """

    def __init__(self, database: Database, files: FileStore, *, found: Callable[[Finding], None]) -> None:
        self._inspection = Inspection(database, files)
        self._inventory = Inventory(database)
        self._kept = Kept(database)
        self._found = found
        self._stopped = threading.Event()
        self.progress = Progress()

    async def run(self, project: NormalizedName | None = None) -> None:
        """Verify everything, or one project's files. May be cancelled at any point. Raises `StorageError`."""
        self.progress.total_bytes = (
            self._inventory.contents()[1]
            if project is None
            else sum({file.sha256: file.size for file in self._kept.files(project)}.values())
        )
        watch = Watch(self._read, self._stopped.is_set)
        for stated in self._inspection.stated(project):
            self._take(await self._step(self._inspection.check, stated, watch))
            self.progress.files += 1
        if project is None:
            for sha256 in self._inspection.strays():
                self._take(await self._step(self._inspection.settle, sha256, watch))

    async def _step(self, function: Callable[[P, Watch], Finding | None], subject: P, watch: Watch) -> Finding | None:
        return await whole(partial(function, subject, watch), interrupt=self._stopped.set)

    def _read(self, count: int) -> None:
        self.progress.bytes += count

    def _take(self, finding: Finding | None) -> None:
        if finding is not None:
            self._found(finding)
