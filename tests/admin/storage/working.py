"""The jobs of a storage directory, and large files that are holes: verifying one takes as long as one waits."""

from __future__ import annotations

import os
from pathlib import Path

from pyproxy.admin.storage.jobs import JobRunner
from pyproxy.admin.storage.storage_jobs import StorageJobs
from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from pyproxy.storage.jobs import JobStore
from tests.storage.conftest import Clock
from tests.storage.keeping import keep

BEAT_SECONDS = 0.02
HOLE_SIZE = 4_000_000_000
"""Takes seconds to read."""


def jobs_of(database: Database, files: FileStore, directory: Path, clock: Clock) -> StorageJobs:
    store = JobStore(database, directory, clock=clock)
    runner = JobRunner(store, files.workspace.name, beat_seconds=BEAT_SECONDS)
    return StorageJobs(database, files, store, runner)


async def keep_a_hole(database: Database, files: FileStore, filename: str = "large.whl") -> Path:
    """A file that is damaged, and that takes seconds to find out."""
    stored = await keep(files, filename.encode(), filename)
    os.truncate(stored.path, HOLE_SIZE)
    await database.write(
        lambda connection: connection.execute(
            "UPDATE contents SET size = ? WHERE sha256 = ?", [HOLE_SIZE, stored.sha256]
        )
    )
    return stored.path


def is_open(path: Path) -> bool:
    """Whether this process is reading it."""
    for link in Path("/proc/self/fd").iterdir():
        try:
            if os.readlink(link) == str(path):
                return True
        except FileNotFoundError:
            continue
    return False
