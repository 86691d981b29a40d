"""The artifact index made again from the manifests, when the database was lost but the files were not.

A mark in the database says that its index is complete. A new database has none: then, and only then, a server reads
the manifests, so that an ordinary start does not depend on the number of files. Only what is not in the database is put
in, so it may be done at any time, again and again, beside whoever works with the files.

A name whose listed hashes lack the sha256 tells of one that was recorded at the first download. It binds again, if its
upstream is there.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from pyproxy.errors import StorageError
from pyproxy.storage import file_rows
from pyproxy.storage.database import Database
from pyproxy.storage.directory import reason, remedy
from pyproxy.storage.manifests import Manifest, Places, read_manifest
from pyproxy.storage.shelf import is_whole
from pyproxy.storage.snapshots import Reads
from pyproxy.storage.temporary import held, locked

log = logging.getLogger(__name__)

AT_ONCE = 500
"""Manifests per transaction."""

ELSEWHERE_SECONDS = 1.0
"""Between two looks whether another process has made the index complete."""

LOST = "upstreams, users and tokens are not, and come from a backup only"

_RECORD = """
    INSERT INTO recorded_hashes (project, upstream_id, filename, sha256, recorded_at)
    SELECT :project, id, :filename, :sha256, :time FROM upstreams WHERE name = :upstream
    ON CONFLICT (project, upstream_id, filename) DO NOTHING
"""
"""The first one rules, as always."""

_STATE = "SELECT complete_since, found_again FROM file_index"


@dataclass(frozen=True, slots=True)
class IndexState:
    """``found_again`` files were not known when the index became complete (unix seconds; ``None``: it is not yet)."""

    complete_since: float | None
    found_again: int


def index_state(reads: Reads) -> IndexState:
    """What the database says of its index. Raises `StorageError`."""
    row = reads.one(_STATE, {})
    return IndexState(None, 0) if row is None else IndexState(row["complete_since"], row["found_again"])


class FileIndex:
    """The rows of the files below ``places``; ``complete`` tells whether every file has its own. Raises `StorageError`.

    `stop` may be called from any thread.
    """

    def __init__(self, places: Places, database: Database, clock: Callable[[], float]) -> None:
        self._places = places
        self._database = database
        self._clock = clock
        self._stopped = threading.Event()
        self.complete = index_state(database).complete_since is not None
        if not self.complete and next(places.root.iterdir(), None) is None:
            self.rebuild()

    async def keep_completing(self) -> None:
        """Make it complete, in a thread, or wait while another process does. Raises `StorageError`."""
        while not self.complete:
            await asyncio.to_thread(self.rebuild)
            if not self.complete:
                await asyncio.sleep(ELSEWHERE_SECONDS)
                self.complete = index_state(self._database).complete_since is not None

    def rebuild(self, tell: Callable[[int], object] = lambda count: None) -> int | None:
        """Put everything in that the manifests know and the database does not, and mark it as complete.

        How many files were found again; ``None`` where another process is at it, or it was stopped: it begins again
        some other time. Bytes of another size than their manifest says are left out, and fetched again when they are
        asked for. ``tell`` is called with numbers of manifests that have been read. Raises `StorageError`.
        """
        try:
            with held(self._places.root) as mine:
                found = self._rebuild(tell) if mine else None
        except OSError as error:
            where = self._places.root
            raise StorageError(f"cannot read the manifests in {where} ({reason(error)}): {remedy(error)}") from error
        self.complete = self.complete or found is not None
        return found

    def stop(self) -> None:
        """End a rebuild early; harms nothing."""
        self._stopped.set()

    def _rebuild(self, tell: Callable[[int], object]) -> int | None:
        anew, found = index_state(self._database).complete_since is None, 0
        shards = sorted(path for path in self._places.root.iterdir() if path.is_dir())
        if anew and any(next(shard.glob("*.json"), None) is not None for shard in shards):
            log.warning("the database is new, but there are files: they are found again by their manifests; %s", LOST)
        for shard in shards:
            for batch in _batches(shard.glob("*.json")):
                if self._stopped.is_set():
                    return None
                with locked(shard):
                    sound = (_sound(self._places, path) for path in batch)
                    manifests = [manifest for manifest in sound if manifest is not None]
                    found += self._database.write_now(partial(_insert, manifests=manifests))
                tell(len(batch))
        if anew:
            self._database.write_now(partial(_mark, found=found, now=self._clock()))
        if found and anew:
            log.warning("the database knew no files: %d were found again by their manifests", found)
        return found


def _batches(paths: Iterator[Path]) -> Iterator[list[Path]]:
    while batch := list(islice(paths, AT_ONCE)):
        yield batch


def _insert(connection: sqlite3.Connection, *, manifests: list[Manifest]) -> int:
    """Rows for all of them; how many were not known."""
    unknown = 0
    for manifest in manifests:
        known = file_rows.manifest_of(connection, manifest.sha256)
        unknown += known is None
        if known is None or not _covers(known, manifest):
            file_rows.insert(connection, manifest)
        for name in manifest.names:
            if "sha256" not in name.hashes:
                connection.execute(
                    _RECORD,
                    {
                        "project": name.project,
                        "upstream": name.upstream,
                        "filename": name.filename,
                        "sha256": manifest.sha256,
                        "time": name.time,
                    },
                )
    return unknown


def _covers(known: Manifest, manifest: Manifest) -> bool:
    names = {(name.project, name.filename) for name in known.names}
    return all((name.project, name.filename) in names for name in manifest.names)


def _mark(connection: sqlite3.Connection, *, found: int, now: float) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO file_index (only, complete_since, found_again) VALUES (1, :now, :found)",
        {"now": now, "found": found},
    )


def _sound(places: Places, path: Path) -> Manifest | None:
    """The manifest, if it can be read, lies in its place, and its bytes are there with their size."""
    manifest = read_manifest(path)
    if manifest is None or path != places.manifest(manifest.sha256):
        if path.exists():
            log.warning("%s is no manifest of pyproxy: left alone", path)
        return None
    return manifest if is_whole(places.content(manifest.sha256), manifest.size) else None
