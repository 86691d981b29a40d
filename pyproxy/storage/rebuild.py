"""The artifact index made again from the manifests, when the database was lost but the files were not.

A mark in the database says that its index is complete. A new database has none: then, and only then, the manifests
are read, so that an ordinary start does not depend on the number of files.
"""

from __future__ import annotations

import logging
import sqlite3
from itertools import islice
from pathlib import Path

from pyproxy.storage import file_rows
from pyproxy.storage.database import Database
from pyproxy.storage.manifests import Manifest, Places, read_manifest

log = logging.getLogger(__name__)

AT_ONCE = 500
"""Manifests per transaction."""


def rebuild_from_manifests(places: Places, database: Database, now: float) -> int:
    """Fill an index that is not marked complete, and mark it; how many files were found again.

    An interrupted rebuild begins again. Bytes of another size than their manifest says are left out, and fetched
    again when they are asked for. Raises `StorageError`.
    """
    if database.one("SELECT 1 FROM file_index", {}) is not None:
        return 0
    found = 0
    paths = places.manifests()
    while batch := list(islice(paths, AT_ONCE)):
        manifests = [manifest for path in batch if (manifest := _sound(places, path)) is not None]

        def insert(connection: sqlite3.Connection, manifests: list[Manifest] = manifests) -> None:
            for manifest in manifests:
                file_rows.insert(connection, manifest)

        database.write_now(insert)
        found += len(manifests)
    if found:
        log.warning("the database knew no files: %d were found again by their manifests", found)
    database.write_now(
        lambda connection: connection.execute(
            "INSERT OR REPLACE INTO file_index (only, complete_since) VALUES (1, :now)", {"now": now}
        )
    )
    return found


def _sound(places: Places, path: Path) -> Manifest | None:
    """The manifest, if it can be read, lies in its place, and its bytes are there with their size."""
    manifest = read_manifest(path)
    if manifest is None or path != places.manifest(manifest.sha256):
        log.warning("%s is no manifest of pyproxy: left alone", path)
        return None
    try:
        size = places.content(manifest.sha256).stat().st_size
    except OSError:
        return None
    return manifest if size == manifest.size else None
