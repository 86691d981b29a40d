"""Whether everything below a storage directory goes together: bytes, manifests, rows, sums."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from pyproxy.storage import file_rows
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.manifests import Manifest, Places, is_sha256, read_manifest


def assert_sound(directory: Path) -> int:
    """Look at all of it while nobody changes anything; how many files are kept."""
    with closing(_connect(directory)) as connection:
        assert [tuple(row) for row in connection.execute("PRAGMA integrity_check")] == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        (total,) = connection.execute("SELECT bytes FROM contents_total").fetchone()
        (added,) = connection.execute("SELECT coalesce(sum(size), 0) FROM contents").fetchone()
        assert total == added
        rows = [row["sha256"] for row in connection.execute("SELECT sha256 FROM contents")]
        known = {sha256: file_rows.manifest_of(connection, sha256) for sha256 in rows}
    places = Places(directory / "files")
    for sha256, manifest in known.items():
        assert manifest is not None
        assert manifest.names, f"{sha256} has no name"
        beside = read_manifest(places.manifest(sha256))
        assert beside is not None, f"{sha256} has no manifest"
        assert _names(beside) == _names(manifest)
        assert hashlib.sha256(places.content(sha256).read_bytes()).hexdigest() == sha256
    there = {path.name for path in places.root.glob("*/*")}
    assert there == {name for sha256 in known for name in (sha256, f"{sha256}.json")}
    assert all(is_sha256(sha256) for sha256 in known)
    return len(known)


def kept_bytes(directory: Path) -> int:
    """The sum of all sizes, as the database has it."""
    with closing(_connect(directory)) as connection:
        return int(connection.execute("SELECT bytes FROM contents_total").fetchone()[0])


def _connect(directory: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(directory / DATABASE_NAME))}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return connection


def _names(manifest: Manifest) -> set[tuple[str, str]]:
    return {(name.project, name.filename) for name in manifest.names}
