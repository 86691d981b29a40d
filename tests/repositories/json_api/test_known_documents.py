"""Documents of the JSON API that cannot be stored: held in memory, within a bound, and never instead of newer rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pyproxy.repositories.json_api.known_documents import HELD_LIMIT, KnownDocuments
from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.json_documents import DocumentName, JsonDocumentStore
from pyproxy.storage.pages import KnownPage, PageKey
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore

DEMO = DocumentName(NormalizedName("demo"))
OTHER = DocumentName(NormalizedName("other"))
ANSWER = KnownPage(
    tag="a",
    etag='"1"',
    last_modified=None,
    checked_at=1000.0,
    changed_at=1000.0,
    page_url="https://example.org/pypi/demo/json",
    serial=None,
)
GONE = PageKey(99, 1)
"""An upstream that has been removed: nothing of it can be stored."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "pyproxy.db")
    yield database
    database.close()


@pytest.fixture
def key(database: Database, tmp_path: Path) -> PageKey:
    store = UpstreamStore(database, SecretBox.open(tmp_path, {}))
    return store.add(UpstreamSettings(name="first", url="https://example.org")).key


async def test_a_stored_document_is_not_held(database: Database, key: PageKey) -> None:
    documents = KnownDocuments(key, JsonDocumentStore(database))
    await documents.keep(DEMO, ANSWER, b"body")
    assert (documents.get(DEMO), documents.body(DEMO, "a")) == (ANSWER, b"body")

    database.write_now(lambda connection: connection.execute("DELETE FROM json_documents"))

    assert (documents.get(DEMO), documents.body(DEMO, "a")) == (None, None)


async def test_what_cannot_be_stored_counts_until_something_is_purged(database: Database) -> None:
    documents = KnownDocuments(GONE, JsonDocumentStore(database))
    await documents.keep(DEMO, ANSWER, b"body")
    await documents.confirm(DEMO, ANSWER, 2000.0, None)
    assert (documents.get(DEMO), documents.body(DEMO, "a")) == (replace(ANSWER, checked_at=2000.0), b"body")

    documents.forget_held()

    assert documents.get(DEMO) is None


async def test_another_workers_newer_answer_counts_more_than_one_that_is_held(database: Database, key: PageKey) -> None:
    documents = KnownDocuments(key, JsonDocumentStore(database))
    database.write_now(lambda connection: connection.execute("ALTER TABLE json_bodies RENAME TO away"))
    await documents.keep(DEMO, ANSWER, b"held")
    database.write_now(lambda connection: connection.execute("ALTER TABLE away RENAME TO json_bodies"))
    newer = replace(ANSWER, tag="b", checked_at=2000.0, changed_at=2000.0)
    await KnownDocuments(key, JsonDocumentStore(database)).keep(DEMO, newer, b"newer")

    assert (documents.get(DEMO), documents.body(DEMO, "b")) == (newer, b"newer")


async def test_what_is_held_is_bounded(database: Database) -> None:
    documents = KnownDocuments(GONE, JsonDocumentStore(database))
    await documents.keep(DEMO, ANSWER, bytes(HELD_LIMIT // 2 + 1))
    await documents.keep(OTHER, ANSWER, bytes(HELD_LIMIT // 2 + 1))

    assert documents.get(DEMO) is None
    assert documents.get(OTHER) == ANSWER
