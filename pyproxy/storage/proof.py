"""Bytes that were written to after they had been kept: read, and removed where they are not what they were.

Nobody writes to kept bytes, and their manifest is written after them. So bytes that are newer than their manifest were
changed by somebody else, or came from a copy that lost the times of files. They are not served before they were read
once more; the manifest then gets their time, and the doubt is over for every process.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
from pathlib import Path

from pyproxy.errors import StorageError
from pyproxy.storage import file_rows
from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from pyproxy.storage.inspection import Inspection, Stated, Watch
from pyproxy.storage.manifests import Manifest
from pyproxy.storage.written_to import is_written_to

log = logging.getLogger(__name__)


class Proof:
    """Reads doubtful bytes of a file store."""

    def __init__(self, database: Database, files: FileStore) -> None:
        self._database = database
        self._inspection = Inspection(database, files)
        self._places = files.shelf.places

    async def settle(self, sha256: str) -> bool:
        """Whether there was a doubt about these bytes, and they are right: then they are found from now on."""
        path = self._places.content(sha256)
        if not is_written_to(path):
            return False
        return await asyncio.to_thread(self._settle, sha256, path)

    def _settle(self, sha256: str, path: Path) -> bool:
        def known(connection: sqlite3.Connection) -> Manifest | None:
            return file_rows.manifest_of(connection, sha256)

        try:
            seen = path.stat()
            manifest = self._database.write_now(known)
            if manifest is None:
                return False
            stated = Stated(sha256, manifest.size, tuple(name.filename for name in manifest.names), {})
            finding = self._inspection.check(stated, Watch(lambda count: None, lambda: False))
            if finding is not None and finding.outcome == "removed":
                log.error("%s was changed on the disk (%s): it is removed, and fetched again", path, finding.problem)
                return False
            place = self._places.manifest(sha256)
            with contextlib.suppress(FileNotFoundError):
                os.utime(place, ns=(seen.st_mtime_ns, seen.st_mtime_ns))
        except (OSError, StorageError) as error:
            log.warning("%s may have been changed on the disk, and cannot be looked at: %s", path, error)
            return False
        return not is_written_to(path)
