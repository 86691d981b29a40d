"""The recent requests: the newest, a bounded number, found again by what they were about."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pyproxy.storage.activity import ActivityStore, Batch, ClientRequest, UpstreamRequest
from pyproxy.storage.activity_reads import ActivityReads, Extent, Place, Wanted
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME

ANY = Wanted({}, {})

REQUEST = ClientRequest(
    at=100.0,
    client="10.0.0.1",
    agent="pip/24.0",
    method="GET",
    route="page",
    project="demo",
    filename="",
    address="",
    status=200,
    outcome="hit",
    upstream="a",
    sent=10,
    seconds=0.5,
)
CALL = UpstreamRequest(
    at=100.0,
    upstream="a",
    route="page",
    project="demo",
    filename="",
    result="failed",
    kind="timeout",
    reason="did not answer",
    seconds=None,
    received=None,
)


def numbered(first: int, count: int) -> list[ClientRequest]:
    """Requests of clients, told apart by the time at which they ended."""
    return [REQUEST._replace(at=float(number)) for number in range(first, first + count)]


def times(database: Database, wanted: Wanted = ANY, place: Place = Place()) -> list[float]:  # noqa: B008
    return [row.request.at for row in ActivityReads(database).clients(wanted, place)]


async def test_what_was_added_is_found_the_newest_first(database: Database) -> None:
    await ActivityStore(database).add(Batch(numbered(1, 2), 0, [CALL], 0))
    await ActivityStore(database).add(Batch(numbered(3, 1)))
    assert times(database) == [3.0, 2.0, 1.0]
    assert [row.request for row in ActivityReads(database).clients(ANY, Place(limit=1))] == numbered(3, 1)
    assert [row.request for row in ActivityReads(database).upstreams(ANY, Place())] == [CALL]


async def test_only_the_newest_are_kept(database: Database) -> None:
    store = ActivityStore(database, rows=10)
    for first in range(0, 100, 7):
        await store.add(Batch(numbered(first, 7), 0, [CALL], 0))
    assert times(database) == [float(number) for number in range(104, 94, -1)]
    assert ActivityReads(database).upstreams_extent().rows == 10


async def test_the_bound_holds_for_two_processes_together(tmp_path: Path, database: Database) -> None:
    other = Database.open(tmp_path / DATABASE_NAME)
    stores = (ActivityStore(database, rows=10), ActivityStore(other, rows=10))
    await asyncio.gather(*(store.add(Batch(numbered(0, 4))) for store in stores for _ in range(10)))
    other.close()
    extent = ActivityReads(database).clients_extent()
    assert (extent.rows, extent.newest_id) == (10, 80)


async def test_a_batch_larger_than_the_bound_leaves_its_newest(database: Database) -> None:
    await ActivityStore(database, rows=3).add(Batch(numbered(0, 10)))
    assert times(database) == [9.0, 8.0, 7.0]


async def test_pages_follow_each_other_without_gap_and_without_repetition(database: Database) -> None:
    store = ActivityStore(database)
    await store.add(Batch(numbered(0, 25)))
    seen: list[float] = []
    before: int | None = None
    while rows := ActivityReads(database).clients(ANY, Place(before=before, limit=10)):
        seen += [row.request.at for row in rows]
        before = rows[-1].id
        await store.add(Batch(numbered(1000, 5)))  # what comes meanwhile does not move the pages
    assert seen == [float(number) for number in range(24, -1, -1)]


async def test_what_came_since_is_asked_for_by_the_newest_id_seen(database: Database) -> None:
    store = ActivityStore(database)
    await store.add(Batch(numbered(0, 3)))
    newest = ActivityReads(database).clients(ANY, Place())[0].id
    assert times(database, ANY, Place(after=newest)) == []
    await store.add(Batch(numbered(7, 2)))
    assert times(database, ANY, Place(after=newest)) == [8.0, 7.0]


@pytest.mark.parametrize(
    ("patterns", "any_of", "found"),
    [
        ({}, {}, [3.0, 2.0, 1.0]),
        ({"client": "10.0.0.1"}, {}, [3.0, 1.0]),
        ({"client": "10.0.*"}, {}, [3.0, 2.0, 1.0]),
        ({"client": "10.0"}, {}, []),
        ({"agent": "uv/*"}, {}, [2.0]),
        ({"project": "demo"}, {}, [1.0]),
        ({"project": "demo*"}, {}, [2.0, 1.0]),
        ({"project": "*"}, {}, [3.0, 2.0, 1.0]),
        ({"project": "d?mo"}, {}, []),
        ({"project": "[d]emo"}, {}, []),
        ({"project": "' OR 1 --"}, {}, []),
        ({}, {"outcome": ["failed", "broken"]}, [3.0]),
        ({"client": "10.0.0.1"}, {"outcome": ["hit"]}, [1.0]),
        ({}, {"outcome": []}, []),
        ({}, {"route": ["file"]}, [2.0]),
    ],
)
async def test_rows_are_found_by_what_they_say(
    database: Database, patterns: dict[str, str], any_of: dict[str, list[str]], found: list[float]
) -> None:
    rows = [
        REQUEST._replace(at=1.0),
        REQUEST._replace(at=2.0, client="10.0.0.2", agent="uv/0.5", project="demo-extra", route="file"),
        REQUEST._replace(at=3.0, project="other", outcome="broken"),
    ]
    await ActivityStore(database).add(Batch(rows))
    assert times(database, Wanted(patterns, any_of)) == found


async def test_how_many_were_left_out_is_known_as_long_as_their_neighbours_are_kept(database: Database) -> None:
    store = ActivityStore(database, rows=4)
    await store.add(Batch(numbered(1, 2), 40, [CALL], 7))
    await store.add(Batch(numbered(3, 2), 2))
    assert ActivityReads(database).clients_extent() == Extent(since=1.0, newest_id=4, rows=4, left_out=42)
    assert ActivityReads(database).upstreams_extent().left_out == 7
    await store.add(Batch(numbered(5, 2)))
    assert ActivityReads(database).clients_extent() == Extent(since=3.0, newest_id=6, rows=4, left_out=2)


async def test_a_limit_that_makes_no_sense_reads_no_more_than_there_may_be(database: Database) -> None:
    await ActivityStore(database).add(Batch(numbered(0, 3)))
    assert times(database, ANY, Place(limit=-1)) == []
    assert len(times(database, ANY, Place(limit=10**30))) == 3


def test_nothing_is_known_of_nothing(database: Database) -> None:
    assert ActivityReads(database).clients_extent() == Extent(since=None, newest_id=0, rows=0, left_out=0)
    assert times(database) == []
