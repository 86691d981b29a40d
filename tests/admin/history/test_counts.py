"""What is counted in memory: by hour, bounded, and never lost to a batch that could not be written."""

from __future__ import annotations

from dataclasses import replace

from pyproxy.admin.history.counts import Counts
from pyproxy.errors import UpstreamStatus, UpstreamTimeout
from pyproxy.storage.counted import (
    CallKey,
    CallTally,
    Latest,
    ProjectKey,
    ProjectTally,
    RequestKey,
    RequestTally,
)
from pyproxy.storage.latencies import bucket_of
from tests.admin.history.requests import asked

TIMEOUT = UpstreamTimeout("first", "was silent")


def test_requests_are_counted_in_the_hour_in_which_they_ended() -> None:
    counts = Counts()
    counts.request(3599.9, "page", "hit", 10)
    counts.request(3600.0, "page", "miss", 7)
    counts.request(7199.0, "page", "miss", 7)
    assert counts.take().requests == {
        RequestKey(0, "page", "hit"): RequestTally(1, 10, 10),
        RequestKey(3600, "page", "miss"): RequestTally(2, 14, 0),
    }
    assert not counts.take()


def test_pages_and_files_are_counted_of_a_project_and_nothing_else() -> None:
    counts = Counts()
    for route in ("page", "file", "file", "metadata", "json"):
        counts.served(5.0, "demo", route)
    assert counts.take().projects == {ProjectKey(0, "demo"): ProjectTally(1, 2)}


def test_a_call_counts_by_how_it_ended() -> None:
    counts = Counts()
    counts.call(5.0, asked(seconds=0.2, received=70))
    counts.call(6.0, asked(found=False, seconds=0.1, received=0))
    counts.call(7.0, asked(TIMEOUT, seconds=5.0, received=None))
    counts.call(8.0, asked(UpstreamStatus("first", 401, "answered 401"), received=None))
    assert counts.take().calls == {
        CallKey(0, "first"): CallTally(
            calls=4,
            missing=1,
            received=70,
            failures={"timeout": 1, "credentials refused": 1},
            latencies={bucket_of(0.2): 1, bucket_of(0.1): 1},
        )
    }


def test_the_certificate_that_was_seen_last_is_noted_with_the_time() -> None:
    counts = Counts()
    counts.call(5.0, replace(asked(), certificate_ends=900.0))
    counts.call(6.0, replace(asked(TIMEOUT), certificate_ends=1000.0))
    counts.call(7.0, asked(route="file"))  # of which nobody says it
    assert counts.take().latest == {1: Latest(7.0, 6.0, 0, certificate_ends=1000.0, certificate_seen_at=6.0)}


def test_the_time_of_a_file_says_nothing_of_its_upstream() -> None:
    counts = Counts()
    counts.call(5.0, asked(route="list", seconds=30.0))
    counts.call(5.0, asked(route="file", seconds=None))
    (tally,) = counts.take().calls.values()
    assert (tally.calls, tally.latencies) == (2, {})


def test_what_could_not_be_written_is_counted_on() -> None:
    counts = Counts()
    counts.request(5.0, "page", "hit", 10)
    counts.served(5.0, "demo", "page")
    counts.call(5.0, asked(TIMEOUT))
    unwritten = counts.take()
    counts.request(6.0, "page", "hit", 10)
    counts.request(6.0, "file", "hit", 10)
    counts.served(6.0, "demo", "page")
    counts.served(6.0, "other", "page")
    counts.call(6.0, asked(TIMEOUT))
    counts.call(7.0, asked(upstream="second"))
    counts.take_back(unwritten)
    counted = counts.take()
    assert counted.requests[RequestKey(0, "page", "hit")] == RequestTally(2, 20, 20)
    assert counted.requests[RequestKey(0, "file", "hit")] == RequestTally(1, 10, 10)
    assert counted.projects == {
        ProjectKey(0, "demo"): ProjectTally(2, 0),
        ProjectKey(0, "other"): ProjectTally(1, 0),
    }
    assert counted.calls[CallKey(0, "first")].failures == {"timeout": 2}
    assert counted.latest == {1: Latest(succeeded_at=7.0, failed_at=6.0, failures_in_a_row=0)}


def test_a_flood_of_names_takes_a_bounded_amount_of_memory() -> None:
    counts = Counts(limit=10)
    for number in range(1000):
        counts.served(5.0, f"p{number}", "page")
        counts.request(3600.0 * number, "page", "hit", 1)
        counts.call(3600.0 * number, asked())
    counted = counts.take()
    assert (len(counted.projects), len(counted.requests), len(counted.calls)) == (10, 10, 10)


def test_what_waits_for_a_database_stays_bounded() -> None:
    counts = Counts(limit=10)
    for batch in range(50):
        unwritten = counts.take()
        for number in range(5):
            counts.served(5.0, f"p{batch}-{number}", "page")
        counts.take_back(unwritten)
    assert len(counts.take().projects) == 10


def test_what_is_known_already_is_counted_on_when_there_is_no_room_for_more() -> None:
    counts = Counts(limit=1)
    for project in ("demo", "other", "demo"):
        counts.served(5.0, project, "page")
    assert counts.take().projects == {ProjectKey(0, "demo"): ProjectTally(2, 0)}
