"""Counts by hour and day: they add up over processes and restarts, and old ones go."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from contextlib import closing
from functools import reduce
from pathlib import Path

import pytest

from pyproxy.errors import StorageError
from pyproxy.settings import UpstreamSettings
from pyproxy.storage import database as database_module
from pyproxy.storage.counted import Latest
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.history import HistoryStore
from pyproxy.storage.history_reads import CallSum, FailureSum, HistoryReads, ProjectSum, RequestSum, Window
from pyproxy.storage.periods import DAY, HOUR, start_of
from pyproxy.storage.upstream_standing import latest_of_upstreams
from pyproxy.storage.upstreams import StoredUpstream, UpstreamStore
from tests.storage.counting import NOON, added_up, calls, latest, projects, requests, table, the_day_of, together

SUCCESS, FAILURE = "success", "failure"


def newest(at: float, event: str) -> Latest:
    return Latest(succeeded_at=at) if event == SUCCESS else Latest(failed_at=at, failures_in_a_row=1)


async def test_what_two_processes_count_adds_up(tmp_path: Path, database: Database) -> None:
    other = Database.open(tmp_path / DATABASE_NAME)
    stores = (HistoryStore(database), HistoryStore(other))
    await asyncio.gather(*(store.add(requests(NOON, 3, sent=10, saved=4), NOON) for store in stores for _ in range(20)))
    other.close()
    reads = HistoryReads(database, the_day_of(NOON))
    assert reads.requests() == [RequestSum(12, "hit", 120, 400, 160)]


async def test_what_was_counted_is_there_after_a_restart(tmp_path: Path) -> None:
    for _ in range(3):
        database = Database.open(tmp_path / DATABASE_NAME)
        await HistoryStore(database).add(requests(NOON), NOON)
        database.close()
    again = Database.open(tmp_path / DATABASE_NAME)
    assert added_up(again, the_day_of(NOON)) == 3
    again.close()


async def test_hours_and_days_count_the_same(database: Database) -> None:
    store = HistoryStore(database)
    for hour in range(24):
        await store.add(requests(start_of(NOON, DAY) + HOUR * hour + 7, hour + 1), NOON)
    by_hour = HistoryReads(database, the_day_of(NOON)).requests()
    assert [(each.place, each.requests) for each in by_hour] == [(hour, hour + 1) for hour in range(24)]
    assert added_up(database, the_day_of(NOON, length=DAY)) == sum(range(25))


async def test_buckets_of_several_periods_add_those_up(database: Database) -> None:
    store = HistoryStore(database)
    for hour in range(6):
        await store.add(requests(hour * HOUR, 1, outcome="miss" if hour == 4 else "hit"), 0.0)
    found = HistoryReads(database, Window(HOUR, 0, 3 * HOUR, 2)).requests()
    assert found == [RequestSum(0, "hit", 3, 0, 0), RequestSum(1, "hit", 2, 0, 0), RequestSum(1, "miss", 1, 0, 0)]


async def test_what_lies_beside_the_window_is_not_counted(database: Database) -> None:
    store = HistoryStore(database)
    for hour in range(5):
        await store.add(requests(hour * HOUR), 0.0)
    assert added_up(database, Window(HOUR, HOUR, HOUR, 3)) == 3


async def test_calls_failures_and_latencies_are_kept_apart_by_upstream(database: Database) -> None:
    store = HistoryStore(database)
    await store.add(calls(NOON, 5, missing=1, received=70, failures={"timeout": 2}, latencies={9: 2, 11: 1}), NOON)
    await store.add(calls(NOON, 2, failures={"timeout": 1, "status": 1}, latencies={9: 1}), NOON)
    await store.add(calls(NOON, 1, upstream="b", latencies={9: 1}), NOON)
    reads = HistoryReads(database, the_day_of(NOON))
    assert reads.calls() == [CallSum(12, "a", 7, 1, 70), CallSum(12, "b", 1, 0, 0)]
    assert reads.failures() == [FailureSum(12, "a", "status", 1), FailureSum(12, "a", "timeout", 3)]
    assert reads.latencies() == {"a": {9: 3, 11: 1}, "b": {9: 1}}
    assert reads.latencies_of("a") == {12: {9: 3, 11: 1}}


async def test_the_projects_asked_most_come_first(database: Database) -> None:
    store = HistoryStore(database)
    await store.add(projects(NOON, {"one": 1, "two": 2, "three": 3}), NOON)
    await store.add(projects(NOON, {"one": 5}), NOON)
    found = HistoryReads(database, the_day_of(NOON)).projects(2)
    assert found == [ProjectSum("one", 6, 0), ProjectSum("three", 3, 0)]


async def test_hours_go_after_eight_days_and_days_after_more_than_a_year(database: Database) -> None:
    store = HistoryStore(database)
    old = NOON - 399 * DAY
    called = calls(old, failures={"timeout": 1}, latencies={3: 1})
    await store.add(together(requests(old), called, projects(old, {"demo": 1})), old)
    counted = ("client_counts", "upstream_counts", "upstream_failure_counts", "upstream_latency_counts")
    assert [len(table(database, name)) for name in (*counted, "project_counts")] == [2, 2, 2, 2, 2]
    await store.add(requests(old, 1), old + 7 * DAY)
    assert added_up(database, the_day_of(old)) == 2, "hours are kept for a week"

    await store.add(requests(NOON), NOON)
    assert added_up(database, the_day_of(old)) == 0
    assert added_up(database, the_day_of(old, length=DAY)) == 2
    assert [len(table(database, name)) for name in counted] == [3, 1, 1, 1]
    assert table(database, "project_counts") == []

    await store.add(requests(NOON), NOON + 3 * DAY)
    assert added_up(database, the_day_of(old, length=DAY)) == 0
    assert [len(table(database, name)) for name in counted] == [2, 0, 0, 0]


async def test_projects_by_hour_go_after_a_day_and_by_day_after_a_month(database: Database) -> None:
    store = HistoryStore(database)
    await store.add(projects(NOON, {"demo": 1}), NOON)
    await store.add(requests(NOON), NOON + 26 * HOUR)
    assert [row[0] for row in table(database, "project_counts")] == [DAY]
    await store.add(requests(NOON), NOON + 32 * DAY)
    assert table(database, "project_counts") == []


async def test_a_flood_of_names_leaves_a_bounded_number_with_the_ones_asked_most(database: Database) -> None:
    store = HistoryStore(database, projects_per_period=10)
    await store.add(projects(NOON, {"zz-often": 50, "aa-often": 40}), NOON)
    for start in range(0, 300, 15):
        await store.add(projects(NOON, {f"made-up-{number}": 1 for number in range(start, start + 15)}), NOON)
        assert len(table(database, "project_counts")) <= 2 * 20
    found = HistoryReads(database, the_day_of(NOON)).projects(3)
    assert [each.project for each in found[:2]] == ["zz-often", "aa-often"]


async def test_what_is_over_keeps_fewer_projects(database: Database) -> None:
    store = HistoryStore(database, projects_per_period=10)
    await store.add(projects(NOON, {f"p{number}": number + 1 for number in range(20)}), NOON)
    assert len(table(database, "project_counts")) == 40
    await store.add(requests(NOON), NOON + DAY)
    left = {(row[0], row[2]) for row in table(database, "project_counts")}
    assert left == {(length, f"p{number}") for length in (HOUR, DAY) for number in range(10, 20)}


@pytest.mark.parametrize("events", list(itertools.product((SUCCESS, FAILURE), repeat=4)), ids="-".join)
async def test_however_calls_are_batched_the_same_is_known_of_the_newest(
    database: Database, upstreams: UpstreamStore, upstream: StoredUpstream, events: tuple[str, ...]
) -> None:
    store, other = HistoryStore(database), upstreams.add(UpstreamSettings(name="b", url="https://b.example.org/"))
    told = [newest(float(at), event) for at, event in enumerate(events)]
    for each in told:
        await store.add(latest(upstream.id, each), NOON)
    expected = table(database, "upstream_latest")[0][1:]
    for split in range(1, len(told) + 1):
        for batch in (told[:split], told[split:]):
            if batch:
                await store.add(latest(other.id, *batch), NOON)
        found = [row[1:] for row in table(database, "upstream_latest") if row[0] == other.id]
        assert found == [expected], split
        database.write_now(
            lambda connection: connection.execute("DELETE FROM upstream_latest WHERE upstream_id = ?", (other.id,))
        )


def test_failures_in_a_row_are_counted_from_the_last_success() -> None:
    told = [newest(1.0, FAILURE), newest(2.0, SUCCESS), newest(3.0, FAILURE), newest(4.0, FAILURE)]
    assert reduce(Latest.then, told) == Latest(succeeded_at=2.0, failed_at=4.0, failures_in_a_row=2)


async def test_a_certificate_stays_known_while_no_newer_one_is_seen(
    database: Database, upstream: StoredUpstream
) -> None:
    store = HistoryStore(database)
    await store.add(latest(upstream.id, Latest(5.0, None, 0, 900.0, 5.0), newest(6.0, FAILURE)), NOON)
    await store.add(latest(upstream.id, newest(7.0, FAILURE)), NOON)
    assert latest_of_upstreams(database) == {upstream.id: Latest(5.0, 7.0, 2, 900.0, 5.0)}
    await store.add(latest(upstream.id, Latest(8.0, None, 0, 950.0, 8.0)), NOON)
    assert latest_of_upstreams(database) == {upstream.id: Latest(8.0, 7.0, 0, 950.0, 8.0)}


async def test_counts_outlive_their_upstream_and_the_newest_of_it_does_not(
    database: Database, upstreams: UpstreamStore, upstream: StoredUpstream
) -> None:
    store = HistoryStore(database)
    await store.add(calls(NOON), NOON)
    await store.add(latest(upstream.id, newest(NOON, SUCCESS)), NOON)
    upstreams.remove("a")
    await store.add(latest(upstream.id, newest(NOON, SUCCESS)), NOON)
    assert table(database, "upstream_latest") == []
    assert HistoryReads(database, the_day_of(NOON)).calls() == [CallSum(12, "a", 1, 0, 0)]


async def test_another_index_url_is_another_index(
    database: Database, upstreams: UpstreamStore, upstream: StoredUpstream
) -> None:
    await HistoryStore(database).add(latest(upstream.id, newest(NOON, FAILURE)), NOON)
    upstreams.change("a", UpstreamSettings(name="a", url="https://a.example.org/", connect_timeout_ms=9))
    assert table(database, "upstream_latest"), "the same index with other settings"
    upstreams.change("a", UpstreamSettings(name="a", url="https://elsewhere.example.org/"))
    assert table(database, "upstream_latest") == []


async def test_a_batch_that_cannot_be_written_leaves_nothing_behind(database: Database) -> None:
    broken = together(requests(NOON), projects(NOON, {"x": 1}))
    database.write_now(lambda connection: connection.execute("DROP TABLE project_counts"))
    with pytest.raises(StorageError):
        await HistoryStore(database).add(broken, NOON)
    assert table(database, "client_counts") == []


async def test_a_busy_database_is_not_waited_for(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes that matter more would have to wait behind it."""
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_MS", 10**9)  # who is patient would never come back here
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="is busy"):
            async with asyncio.timeout(60):
                await HistoryStore(database).add(requests(NOON), NOON)
        other.execute("COMMIT")
    assert table(database, "client_counts") == []
