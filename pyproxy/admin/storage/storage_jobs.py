"""The long work on a storage directory that is begun, followed and stopped in the pages: verify, and prune."""

from __future__ import annotations

from typing import Literal

from pyproxy.admin.storage import prune, verification
from pyproxy.admin.storage.jobs import JobRunner
from pyproxy.admin.storage.prune import Prune, PruneWork
from pyproxy.admin.storage.prune_preview import PrunePreview
from pyproxy.admin.storage.verification import Verification, VerifyWork
from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from pyproxy.storage.jobs import JobStore

Kind = Literal["verify", "prune"]


class StorageJobs:
    """Starts them in this process; what is told of them is that of every process. Everything raises `StorageError`."""

    def __init__(self, database: Database, files: FileStore, store: JobStore, runner: JobRunner) -> None:
        self._database = database
        self._files = files
        self._store = store
        self._runner = runner

    def verification(self) -> Verification | None:
        """The verification under way, else the last one."""
        row = self._store.newest(verification.KIND)
        return None if row is None else verification.verification(row)

    def last_verification(self) -> Verification | None:
        """The last verification that is under way no more."""
        row = self._store.last_ended(verification.KIND)
        return None if row is None else verification.verification(row)

    def prune(self) -> Prune | None:
        """The prune under way, else the last one."""
        row = self._store.newest(prune.KIND)
        return None if row is None else prune.prune(row)

    async def start_verify(self, *, go_on: bool = False) -> bool:
        """Begin to verify every file, or ``go_on`` where the last one ended early.

        ``False`` while one is under way, in whichever process.
        """
        last = self.last_verification() if go_on else None
        begun = last if last is not None and last.may_go_on else None
        return await self._runner.start(verification.KIND, "", VerifyWork(self._database, self._files, begun))

    async def start_prune(self, preview: PrunePreview) -> bool:
        """Begin to remove what a preview has shown; what was used since stays. ``False`` as for `start_verify`."""
        work = PruneWork(self._database, self._files, preview)
        return await self._runner.start(prune.KIND, prune.wanted(preview.wish), work)

    async def stop(self, kind: Kind) -> bool:
        """Let one of them stop within a second or so, in whichever process; whether one is under way."""
        return await self._runner.stop(kind)

    async def close(self) -> None:
        """End what this process does of them."""
        await self._runner.close()
