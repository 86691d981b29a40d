"""What is written down of upstreams, as the dashboard reads it."""

from __future__ import annotations

from typing import get_args

from pyproxy.repositories.observer import Route
from pyproxy.storage.counted import Latest
from pyproxy.storage.database import Database
from pyproxy.storage.failures import FailureStore, Subject, Tally
from pyproxy.storage.history import HistoryStore
from pyproxy.storage.upstream_standing import ROUTES, latest_of_upstreams, mismatches, newest_failures
from pyproxy.storage.upstreams import StoredUpstream
from tests.storage.counting import NOON, latest


def failed(at: float, kind: str = "status") -> Tally:
    return Tally(1, kind, "failed", at, at)


def test_every_route_is_looked_at() -> None:
    assert set(ROUTES) == set(get_args(Route))


async def test_an_upstream_that_was_never_asked_is_not_known(database: Database, upstream: StoredUpstream) -> None:
    assert latest_of_upstreams(database) == {}
    await HistoryStore(database).add(latest(upstream.id, Latest(failed_at=5.0, failures_in_a_row=1)), NOON)
    assert latest_of_upstreams(database) == {upstream.id: Latest(None, 5.0, 1)}


async def test_the_newest_of_many_failures_is_found_whatever_it_was_about(
    database: Database, upstream: StoredUpstream
) -> None:
    store = FailureStore(database)
    for number, route in enumerate((*ROUTES, *ROUTES)):
        for each in (1, 3):
            subject = Subject(upstream.id, route, f"p{number}-{each}", "")
            await store.write({subject: failed(10.0 * number + each)}, {})
    (failure,) = newest_failures(database).values()
    assert (failure.project, failure.last_at) == ("p9-3", 93.0)


async def test_only_files_with_wrong_bytes_are_mismatches_until_right_ones_come(
    database: Database, upstream: StoredUpstream
) -> None:
    store = FailureStore(database)
    wheel = Subject(upstream.id, "file", "demo", "demo-1.whl")
    metadata = Subject(upstream.id, "metadata", "demo", "demo-1.whl.metadata")
    await store.write(
        {
            wheel: failed(1.0, "hash mismatch"),
            metadata: failed(2.0, "hash mismatch"),
            Subject(upstream.id, "file", "other", "other.zip"): failed(3.0, "timeout"),
        },
        {},
    )
    assert [each.filename for each in mismatches(database, 5)] == ["demo-1.whl.metadata", "demo-1.whl"]
    assert len(mismatches(database, 1)) == 1
    await store.write({metadata: Tally(over_at=9.0)}, {})
    assert [each.filename for each in mismatches(database, 5)] == ["demo-1.whl"]
