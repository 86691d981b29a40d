"""Room for the database on a disk that is full to the last byte: without any it cannot even forget something.

So whoever wants to remove files there gets a little room first, by the bytes of some of those that may go. Their rows
follow as soon as the database can be written; until then they count as not found.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from urllib.parse import quote

from pyproxy.errors import StorageError
from pyproxy.storage import file_rows
from pyproxy.storage.directory import DATABASE_NAME, FILES_NAME, has_database, reason
from pyproxy.storage.files import FileStore
from pyproxy.storage.manifests import Places
from pyproxy.storage.served import check_served
from pyproxy.storage.shelf import is_whole
from pyproxy.storage.space import free_bytes
from pyproxy.storage.temporary import locked

HEADROOM = 1_000_000
"""Bytes that the database's log and a manifest take without trouble."""

_LEAST_USED = "SELECT sha256 FROM contents ORDER BY last_used LIMIT 10000"

_OF_PROJECT = """
    SELECT sha256 FROM files AS own WHERE project = :project AND NOT EXISTS (
        SELECT 1 FROM files WHERE files.sha256 = own.sha256 AND files.project <> :project
    )
"""


def make_headroom(directory: Path, project: str | None = None) -> tuple[str, ...]:
    """Remove bytes until there is `HEADROOM`: a project's, else those of the least recently used files.

    Their sha256, for `forget_gone`; usually nothing. Raises `StorageError`.
    """
    check_served(directory)
    if not has_database(directory) or free_bytes(directory) >= HEADROOM:
        return ()
    places, gone = Places(directory / FILES_NAME), []
    for sha256 in _candidates(directory / DATABASE_NAME, project):
        content = places.content(sha256)
        try:
            with locked(content.parent):
                content.unlink()
                places.manifest(sha256).unlink(missing_ok=True)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StorageError(f"cannot remove {content} ({reason(error)})") from error
        gone.append(sha256)
        if free_bytes(directory) >= HEADROOM:
            break
    return tuple(gone)


def forget_gone(files: FileStore, sha256s: Iterable[str]) -> None:
    """Remove the rows of bytes that are not there. Raises `StorageError`."""
    for sha256 in sha256s:
        delete = partial(_delete, path=files.shelf.places.content(sha256), sha256=sha256)
        files.shelf.evict(sha256, delete, files.workspace)


def _candidates(path: Path, project: str | None) -> list[str]:
    """What may go; nothing where the database cannot be read: then its opening says why."""
    sql = _LEAST_USED if project is None else _OF_PROJECT
    # Where not even the log's index can be made, the database's own file is read alone: a little old, but good enough
    # to tell what is seldom used.
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        with contextlib.suppress(sqlite3.Error):
            connection = sqlite3.connect(f"file:{quote(str(path))}?{mode}", uri=True)
            with contextlib.closing(connection):
                return [row[0] for row in connection.execute(sql, {"project": project})]
    return []


def _delete(connection: sqlite3.Connection, *, path: Path, sha256: str) -> bool:
    manifest = file_rows.manifest_of(connection, sha256)
    if manifest is None or is_whole(path, manifest.size):
        return False
    file_rows.delete_content(connection, sha256)
    return True
