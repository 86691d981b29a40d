"""Every cached file read and compared with what is known of it; see ``storage/inspection.py`` for what is mended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pyproxy.admin.cache.whole_steps import whole
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from pyproxy.storage.gentle_reads import Interrupted
from pyproxy.storage.inspection import Finding, Inspection, Watch
from pyproxy.storage.integrity import check_whole
from pyproxy.storage.inventory import Inventory
from pyproxy.storage.kept import Kept


@dataclass(slots=True)
class Progress:
    """How far a verification has come; the totals are what was kept when it began.

    ``position`` is the last sha256 that was looked at: they are looked at in their order.
    """

    total_files: int = 0
    total_bytes: int = 0
    files: int = 0
    bytes: int = 0
    position: str = ""


class Verifying:
    """Verifies the files of a storage directory, beside a running server or in it.

    All of it is done in a thread, which must have ``database`` for itself. ``progress`` may be looked at all the time;
    ``found`` is called there with each finding as it is made.
    """

    def __init__(self, database: Database, files: FileStore, *, found: Callable[[Finding], None]) -> None:
        self._database = database
        self._inspection = Inspection(database, files)
        self._inventory = Inventory(database)
        self._kept = Kept(database)
        self._found = found
        self._stopped = threading.Event()
        self.progress = Progress()

    async def run(self, project: NormalizedName | None = None, *, after: str = "") -> None:
        """Verify everything, what comes ``after`` a position, or one project's files; with everything the database.

        May be cancelled at any point. Raises `StorageError`, and `Interrupted` once it was stopped.
        """
        await whole(partial(self._run, project, after), interrupt=self.stop)

    def stop(self) -> None:
        """Let it end soon, in the middle of a file if need be; harms nothing."""
        self._stopped.set()

    def _run(self, project: NormalizedName | None, after: str) -> None:
        if project is None:
            check_whole(self._database)
        self._measure(project)
        watch = Watch(self._read, self._stopped.is_set)
        for stated in self._inspection.stated(project, after):
            self._take(self._inspection.check(stated, watch))
            self.progress.files += 1
            self.progress.position = stated.sha256
        if project is None:
            for sha256 in self._inspection.strays():
                self._take(self._inspection.settle(sha256, watch))

    def _measure(self, project: NormalizedName | None) -> None:
        if project is None:
            self.progress.total_files, self.progress.total_bytes = self._inventory.contents()
        else:
            sizes = {file.sha256: file.size for file in self._kept.files(project)}
            self.progress.total_files, self.progress.total_bytes = len(sizes), sum(sizes.values())

    def _read(self, count: int) -> None:
        self.progress.bytes += count

    def _take(self, finding: Finding | None) -> None:
        if finding is not None:
            self._found(finding)
        if self._stopped.is_set():
            raise Interrupted
