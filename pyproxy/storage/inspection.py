"""Whether the files on the disk are what the database says of them, and what is done where they are not.

A damaged copy is removed with its rows, so that the next request fetches it again. Everything is decided twice: once
by looking, and again under the lock of the directory that the bytes lie in; what was evicted, replaced or kept by a
running server in between is no damage.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from pyproxy.errors import StorageError
from pyproxy.storage import file_rows
from pyproxy.storage.damage import remember
from pyproxy.storage.database import Database
from pyproxy.storage.directory import reason
from pyproxy.storage.files import FileStore
from pyproxy.storage.gentle_reads import digests
from pyproxy.storage.manifests import Manifest, is_sha256, read_manifest

AT_ONCE = 200
"""Rows, or names in a directory, looked at together."""

Outcome = Literal["removed", "mended", "found again"]

_OURS = frozenset(hashlib.algorithms_guaranteed) - {"shake_128", "shake_256"}

_CONTENTS = """
    SELECT contents.sha256, contents.size,
        json_group_array(files.filename) AS filenames, json_group_array(json(files.hashes)) AS hashes
    FROM contents LEFT JOIN files ON files.sha256 = contents.sha256
    WHERE contents.sha256 > :after AND (:project IS NULL OR EXISTS (
        SELECT 1 FROM files AS own WHERE own.sha256 = contents.sha256 AND own.project = :project
    ))
    GROUP BY contents.sha256 ORDER BY contents.sha256 LIMIT :limit
"""

_STATED = "SELECT value AS sha256 FROM json_each(:sha256s) WHERE value IN (SELECT sha256 FROM contents)"


@dataclass(frozen=True, slots=True)
class Stated:
    """What the database says of some bytes: their names, and further hashes by algorithm."""

    sha256: str
    size: int
    filenames: tuple[str, ...]
    hashes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was not as it should be: of which bytes, by what names, and what was done about it."""

    sha256: str
    filenames: tuple[str, ...]
    problem: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Watch:
    """How the reading is followed: ``tell`` is called with bytes as they are read, ``stopped`` may end it."""

    tell: Callable[[int], None]
    stopped: Callable[[], bool]


class Inspection:
    """Looks at the files of a storage directory, and mends. Everything raises `StorageError` and waits for the disk."""

    def __init__(self, database: Database, files: FileStore) -> None:
        self._database = database
        self._clock = files.clock
        self._shelf = files.shelf
        self._places = files.shelf.places
        self._workspace = files.workspace

    def stated(self, project: str | None = None, after: str = "") -> Iterator[Stated]:
        """Everything that should be here, or what has a name of one project, in the order of sha256 ``after`` one."""
        while rows := self._database.all(_CONTENTS, {"after": after, "project": project, "limit": AT_ONCE}):
            yield from (_stated(row) for row in rows)
            after = rows[-1]["sha256"]

    def check(self, stated: Stated, watch: Watch) -> Finding | None:
        """Read the bytes, and remove them where they are not what is stated; mend a manifest that says otherwise.

        ``None``: all is well, or it has gone meanwhile. Raises `gentle_reads.Interrupted` as well.
        """
        path = self._places.content(stated.sha256)
        try:
            problem, seen = self._problem(stated, path, watch)
        except FileNotFoundError:
            problem, seen = "its bytes are missing", None
        if problem is not None:
            delete = partial(self._delete, stated=stated, seen=seen, problem=problem)
            removed = self._shelf.evict(stated.sha256, delete, self._workspace)
            return Finding(stated.sha256, stated.filenames, problem, "removed") if removed else None
        if self._shelf.agree(stated.sha256, self._workspace):
            problem = "its manifest was missing, broken or said something else"
            return Finding(stated.sha256, stated.filenames, problem, "mended")
        return None

    def strays(self) -> Iterator[str]:
        """The sha256 of bytes or manifests that no row knows, as it seems."""
        for shard in sorted(self._places.root.iterdir()):
            names = sorted({path.name.removesuffix(".json") for path in shard.iterdir()}) if shard.is_dir() else []
            names = [name for name in names if is_sha256(name) and name.startswith(shard.name)]
            for start in range(0, len(names), AT_ONCE):
                batch = names[start : start + AT_ONCE]
                known = {row["sha256"] for row in self._database.all(_STATED, {"sha256s": json.dumps(batch)})}
                yield from (name for name in batch if name not in known)

    def settle(self, sha256: str, watch: Watch) -> Finding | None:
        """Take stray bytes in again by their manifest, if they are what it says; else remove what is there."""
        path = self._places.content(sha256)
        manifest = read_manifest(self._places.manifest(sha256))
        filenames = tuple(name.filename for name in manifest.names) if manifest is not None else ()
        if manifest is not None and manifest.sha256 == sha256 and manifest.names:
            if self._is_sound(manifest, path, watch):
                taken = self._shelf.agree(sha256, self._workspace, manifest)
                problem = "the database did not know it"
                return Finding(sha256, filenames, problem, "found again") if taken else None
            problem = "the database did not know it, and its bytes are not what its manifest says"
        else:
            problem = "neither the database nor a manifest says what it is"
        removed = self._shelf.evict(sha256, partial(self._is_stray, sha256=sha256), self._workspace)
        return Finding(sha256, filenames, problem, "removed") if removed else None

    def _is_sound(self, manifest: Manifest, path: Path, watch: Watch) -> bool:
        stated = Stated(manifest.sha256, manifest.size, (), {})
        try:
            return self._problem(stated, path, watch)[0] is None
        except FileNotFoundError:
            return False

    def _problem(self, stated: Stated, path: Path, watch: Watch) -> tuple[str | None, os.stat_result | None]:
        """What is wrong with the bytes, and the state of the file that was read. Raises `FileNotFoundError`."""
        status = path.stat()
        if status.st_size != stated.size:
            return f"it has {status.st_size} bytes instead of {stated.size}", status
        expected = {**stated.hashes, "sha256": stated.sha256}
        try:
            found, status = digests(path, expected, watch.tell, watch.stopped)
        except FileNotFoundError:
            raise
        except OSError as error:
            if error.errno != errno.EIO:
                raise StorageError(
                    f"cannot read {path} ({reason(error)}): run this as the user that runs pyproxy"
                ) from error
            return f"the disk cannot read it ({reason(error)})", status
        wrong = [name for name, digest in expected.items() if found[name] != digest]
        return (f"its {wrong[0]} is another one" if wrong else None), status

    def _is_stray(self, connection: sqlite3.Connection, *, sha256: str) -> bool:
        """Whether there still is something, and nothing is known of it: who evicts removes bytes and manifest last."""
        there = self._places.content(sha256).exists() or self._places.manifest(sha256).exists()
        return there and file_rows.manifest_of(connection, sha256) is None

    def _delete(
        self, connection: sqlite3.Connection, *, stated: Stated, seen: os.stat_result | None, problem: str
    ) -> bool:
        """Delete the rows of damaged bytes, if they are still those that were looked at; whether they were deleted."""
        known = file_rows.manifest_of(connection, stated.sha256)
        if known is None:
            return False
        try:
            now = self._places.content(stated.sha256).stat()
        except FileNotFoundError:
            now = None
        if _identity(now) != _identity(seen):
            return False
        remember(connection, known, problem, self._clock())
        file_rows.delete_content(connection, stated.sha256)
        return True


def _stated(row: sqlite3.Row) -> Stated:
    filenames = dict.fromkeys(name for name in json.loads(row["filenames"]) if name is not None)
    hashes: dict[str, str] = {}
    for listed in json.loads(row["hashes"]):
        hashes.update({name: digest.lower() for name, digest in (listed or {}).items() if name in _OURS})
    return Stated(row["sha256"], row["size"], tuple(filenames), hashes)


def _identity(status: os.stat_result | None) -> tuple[int, int, int] | None:
    return None if status is None else (status.st_ino, status.st_mtime_ns, status.st_size)
