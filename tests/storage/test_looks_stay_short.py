"""What is looked up for a page or a file takes no more steps among thousands of others than among a few."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.directory import FILES_NAME
from pyproxy.storage.extracted import ExtractedMetadata, WheelName
from pyproxy.storage.files import FileStore
from pyproxy.storage.json_documents import DocumentName, JsonDocumentStore
from pyproxy.storage.manifests import Places
from pyproxy.storage.pages import PageStore
from pyproxy.storage.recorded import RecordedHashes
from pyproxy.storage.upstreams import StoredUpstream

DEMO = NormalizedName("demo")
FILENAME = "demo-1.0-py3-none-any.whl"


def sha(project: str) -> str:
    return hashlib.sha256(project.encode()).hexdigest()


def know(database: Database, upstream: StoredUpstream, project: str) -> None:
    """One row of each kind for a project; it has one file."""
    filename, body = f"{project}-1.0-py3-none-any.whl", zlib.compress(project.encode())
    values = {"project": project, "id": upstream.id, "sha": sha(project), "filename": filename, "body": body}

    def write(connection: sqlite3.Connection) -> None:
        for sql in (
            "INSERT INTO page_bodies (tag, body_z) VALUES (:sha, :body)",
            """
            INSERT INTO pages (project, upstream_id, generation, tag, url, checked_at, changed_at)
            VALUES (:project, :id, 1, :sha, 'https://a.example.org/', 1, 1)
            """,
            "INSERT INTO contents (sha256, size, stored_at, last_used, uses) VALUES (:sha, 1, 1, 1, 0)",
            """
            INSERT INTO files (project, filename, sha256, upstream, hashes, kept_at)
            VALUES (:project, :filename, :sha, 'a', '{}', 1)
            """,
            """
            INSERT INTO recorded_hashes (project, upstream_id, filename, sha256, recorded_at)
            VALUES (:project, :id, :filename, :sha, 1)
            """,
            """
            INSERT INTO extracted_metadata (project, filename, upstream_id, wheel, metadata_z, verified, read_at)
            VALUES (:project, :filename, :id, :sha, :body, 0, 1)
            """,
        ):
            connection.execute(sql, values)

    database.write_now(write)


def looks(database: Database, upstream: StoredUpstream, files: FileStore) -> dict[str, Callable[[], object]]:
    """What requests look up, by what it is."""
    pages, extracted = PageStore(database), ExtractedMetadata(database)
    recorded, documents = RecordedHashes(database, lambda: 1.0), JsonDocumentStore(database)
    return {
        "page": lambda: pages.get(upstream.key, DEMO),
        "body": lambda: pages.body(sha("demo")),
        "purges": lambda: pages.purged_since(pages.revision()),
        "recorded hashes": lambda: recorded.for_project(upstream.id, DEMO),
        "metadata of wheels": lambda: extracted.names(upstream.id, DEMO, readable=True),
        "metadata of a wheel": lambda: extracted.get(WheelName(upstream.id, DEMO, FILENAME)),
        "metadata to compare": lambda: extracted.unverified(DEMO, FILENAME, ["x"]),
        "document": lambda: documents.get(upstream.key, DocumentName(DEMO, "")),
        "file": lambda: files.find(DEMO, FILENAME, sha("demo")),
        "file by its hash": lambda: files.find_by_hash(sha("demo")),
    }


def steps(database: Database, look: Callable[[], object]) -> int:
    """How many instructions of SQLite's machine it takes."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    look()  # statements are prepared once
    database.read.set_progress_handler(count, 1)
    try:
        look()
    finally:
        database.read.set_progress_handler(None, 0)
    return counted


@pytest.fixture
def files(tmp_path: Path, database: Database) -> FileStore:
    """With the file of ``demo``: one that is gone from the disk would be forgotten."""
    place = Places(tmp_path / FILES_NAME).content(sha("demo"))
    place.parent.mkdir(parents=True)
    place.write_bytes(b"x")
    return FileStore(tmp_path, database, clock=lambda: 1.0)


def test_a_look_takes_as_many_steps_among_thousands_of_projects(
    database: Database, upstream: StoredUpstream, files: FileStore
) -> None:
    """(S9)"""
    for project in ("demo", "a", "z"):
        know(database, upstream, project)
    every = looks(database, upstream, files)
    few = {name: steps(database, look) for name, look in every.items()}
    for number in range(300):
        know(database, upstream, f"project-{number}")
    assert {name: steps(database, look) for name, look in every.items()} == few
    assert min(few.values()) > 0
