"""An open database, an upstream in it, and a clock that only tests move."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyproxy.settings import UpstreamSettings
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.files import FileStore
from pyproxy.storage.projects import ProjectTotals
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import StoredUpstream, UpstreamStore

OpenStore = Callable[[int | None], FileStore]


class Clock:
    """Callable like ``time.time``; stands still until ``now`` is set."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / DATABASE_NAME)
    yield database
    database.close()


@pytest.fixture
def upstreams(tmp_path: Path, database: Database) -> UpstreamStore:
    return UpstreamStore(database, SecretBox.open(tmp_path, {}))


@pytest.fixture
def upstream(upstreams: UpstreamStore) -> StoredUpstream:
    return upstreams.add(UpstreamSettings(name="a", url="https://a.example.org/"))


@pytest.fixture
def open_store(tmp_path: Path, database: Database, clock: Clock) -> Iterator[OpenStore]:
    """``open_store(max_size)``, as often as there are processes to be."""
    stores: list[FileStore] = []

    def open_one(max_size: int | None) -> FileStore:
        stores.append(FileStore(tmp_path, database, max_size=max_size, clock=clock))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


@pytest.fixture
def projects(database: Database) -> list[ProjectTotals]:
    """Many projects that are known, of which many have the same numbers."""
    chance = random.Random(7)
    made = [
        ProjectTotals(
            project=f"{chance.choice(('py', 'flask-', 'x'))}{number:03}",
            files=1,
            bytes=chance.choice((0, 0, 5, 10**12)),
            uses=chance.choice((0, 0, 1, 2)),
            last_used=chance.choice((None, 1.5, 1_700_000_000.25)),
            pages=1,
            checked_at=chance.choice((None, 3.5, 1_700_000_000.75)),
        )
        for number in range(120)
    ]
    rows = [
        (each.project, each.files, each.bytes, each.uses, each.last_used or 0, each.pages, each.checked_at or 0)
        for each in made
    ]
    database.write_now(
        lambda connection: connection.executemany("INSERT INTO projects VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    )
    return made
