"""What went wrong at upstreams, as it is stored: the newest failures of each subject, within bounds."""

from __future__ import annotations

import itertools
from functools import reduce

import pytest

from pyproxy.settings import UpstreamSettings
from pyproxy.storage.database import Database
from pyproxy.storage.failures import LONGEST_REASON, Failure, FailureStore, Rest, Subject, Tally
from pyproxy.storage.upstreams import StoredUpstream, UpstreamStore

FAILED = "failed"
OVER = "over"


def page(upstream: StoredUpstream, project: str = "demo") -> Subject:
    return Subject(upstream.id, "page", project, "")


def failed(at: float, reason: str = "refused the connection") -> Tally:
    return Tally(1, "unreachable", reason, at, at)


def over(at: float) -> Tally:
    return Tally(over_at=at)


def changes(database: Database) -> int:
    """Rows that the writer has changed so far."""
    return database.write_now(lambda connection: connection.total_changes)


async def test_failures_in_a_row_are_one_row_with_the_newest_reason(
    database: Database, upstream: StoredUpstream
) -> None:
    store = FailureStore(database)
    await store.write({page(upstream): failed(10.0)}, {})
    await store.write({page(upstream): failed(20.0, "answered 503")}, {})
    assert store.of_project("demo") == [
        Failure(
            upstream_id=upstream.id,
            route="page",
            project="demo",
            filename="",
            kind="unreachable",
            reason="answered 503",
            first_at=10.0,
            last_at=20.0,
            times=2,
            over_at=None,
        )
    ]


async def test_a_success_ends_the_failures_and_the_next_failure_counts_from_one(
    database: Database, upstream: StoredUpstream
) -> None:
    store = FailureStore(database)
    await store.write({page(upstream): failed(10.0)}, {})
    await store.write({page(upstream): over(15.0)}, {})
    assert [(each.times, each.over_at) for each in store.of_project("demo")] == [(1, 15.0)]
    await store.write({page(upstream): failed(30.0)}, {})
    assert [(each.times, each.first_at, each.over_at) for each in store.of_project("demo")] == [(1, 30.0, None)]


@pytest.mark.parametrize("events", list(itertools.product((FAILED, OVER), repeat=5)), ids="-".join)
async def test_however_events_are_batched_the_same_is_stored(
    database: Database, upstream: StoredUpstream, events: tuple[str, ...]
) -> None:
    """One transaction for each event, and all of them in one, must come to the same."""
    store = FailureStore(database)
    tallies = [failed(float(at)) if event == FAILED else over(float(at)) for at, event in enumerate(events)]
    for tally in tallies:
        await store.write({page(upstream, "one-by-one"): tally}, {})
    for split in range(1, len(tallies) + 1):
        for batch in (tallies[:split], tallies[split:]):
            if batch:
                await store.write({page(upstream, f"split-{split}"): reduce(Tally.then, batch)}, {})
    expected = [(each.times, each.first_at, each.last_at, each.over_at) for each in store.of_project("one-by-one")]
    for split in range(1, len(tallies) + 1):
        found = store.of_project(f"split-{split}")
        assert [(each.times, each.first_at, each.last_at, each.over_at) for each in found] == expected, split


async def test_subjects_are_kept_apart(database: Database, upstream: StoredUpstream) -> None:
    store = FailureStore(database)
    subjects = [
        page(upstream),
        Subject(upstream.id, "file", "demo", "demo-1.0.tar.gz"),
        Subject(upstream.id, "metadata", "demo", "demo-1.0-py3-none-any.whl.metadata"),
        Subject(upstream.id, "json", "demo", ""),
    ]
    await store.write(dict.fromkeys(subjects, failed(1.0)), {})
    await store.write({subjects[0]: over(2.0)}, {})
    ended = {(each.route, each.filename) for each in store.of_project("demo") if each.over_at is not None}
    assert (len(store.of_project("demo")), ended) == (4, {("page", "")})


async def test_nothing_is_written_while_everything_goes_well(database: Database, upstream: StoredUpstream) -> None:
    before = changes(database)
    await FailureStore(database).write({page(upstream, f"p{n}"): over(1.0) for n in range(100)}, {})
    assert changes(database) == before


async def test_a_flood_of_names_leaves_a_bounded_number_of_the_newest(
    database: Database, upstream: StoredUpstream
) -> None:
    store = FailureStore(database, rows_per_route=10)
    for start in range(0, 100, 25):
        await store.write({page(upstream, f"p{n}"): failed(float(n)) for n in range(start, start + 25)}, {})
    rows = database.all("SELECT project FROM upstream_failures ORDER BY last_at", {})
    assert [row["project"] for row in rows] == [f"p{n}" for n in range(90, 100)]


async def test_a_flood_of_names_does_not_push_out_what_is_known_of_files(
    database: Database, upstream: StoredUpstream
) -> None:
    store = FailureStore(database, rows_per_route=10)
    await store.write({Subject(upstream.id, "file", "demo", "demo-1.0.tar.gz"): failed(0.0)}, {})
    await store.write({page(upstream, f"p{n}"): failed(float(n)) for n in range(100)}, {})
    assert [each.filename for each in store.of_project("demo")] == ["demo-1.0.tar.gz"]


async def test_the_bound_holds_for_each_upstream(
    database: Database, upstreams: UpstreamStore, upstream: StoredUpstream
) -> None:
    other = upstreams.add(UpstreamSettings(name="b", url="https://b.example.org/"))
    store = FailureStore(database, rows_per_route=1)
    await store.write({page(upstream): failed(1.0), page(other): failed(2.0)}, {})
    assert {each.upstream_id for each in store.of_project("demo")} == {upstream.id, other.id}


async def test_failures_go_with_their_upstream(
    database: Database, upstreams: UpstreamStore, upstream: StoredUpstream
) -> None:
    store = FailureStore(database)
    await store.write({page(upstream): failed(1.0)}, {upstream.id: Rest(1.0, "timeout", "is silent")})
    upstreams.remove("a")
    assert (store.of_project("demo"), store.rests()) == ([], {})


async def test_another_index_url_begins_with_a_clean_record(
    database: Database, upstreams: UpstreamStore, upstream: StoredUpstream
) -> None:
    store = FailureStore(database)
    await store.write({page(upstream): failed(1.0)}, {upstream.id: Rest(1.0, "timeout", "is silent")})
    upstreams.change("a", UpstreamSettings(name="a", url="https://a.example.org/", connect_timeout_ms=9))
    assert store.of_project("demo"), "the same index with other settings"
    upstreams.change("a", UpstreamSettings(name="a", url="https://elsewhere.example.org/"))
    assert (store.of_project("demo"), store.rests()) == ([], {})


async def test_an_upstream_that_was_removed_meanwhile_spoils_nothing_for_others(
    database: Database, upstream: StoredUpstream
) -> None:
    store = FailureStore(database)
    gone = Subject(999, "page", "demo", "")
    await store.write({gone: failed(1.0), page(upstream): failed(1.0)}, {999: Rest(1.0, "timeout", "is silent")})
    assert [each.upstream_id for each in store.of_project("demo")] == [upstream.id]
    assert store.rests() == {}


async def test_an_upstreams_own_words_are_cut(database: Database, upstream: StoredUpstream) -> None:
    store = FailureStore(database)
    await store.write({page(upstream): failed(1.0, "x" * 100_000)}, {})
    assert len(store.of_project("demo")[0].reason) == LONGEST_REASON


async def test_a_rest_keeps_its_beginning_while_probes_fail(database: Database, upstream: StoredUpstream) -> None:
    store = FailureStore(database)
    await store.write({}, {upstream.id: Rest(10.0, "timeout", "is silent")})
    await store.write({}, {upstream.id: Rest(20.0, "unreachable", "refused", 30.0, began=False)})
    assert store.rests() == {upstream.id: Rest(10.0, "timeout", "is silent", 30.0)}
    await store.write({}, {upstream.id: None})
    assert store.rests() == {}


async def test_a_new_rest_replaces_one_that_a_dead_server_left(database: Database, upstream: StoredUpstream) -> None:
    store = FailureStore(database)
    await store.write({}, {upstream.id: Rest(10.0, "timeout", "is silent", 15.0)})
    await store.write({}, {upstream.id: Rest(5000.0, "unreachable", "refused")})
    assert store.rests() == {upstream.id: Rest(5000.0, "unreachable", "refused")}
