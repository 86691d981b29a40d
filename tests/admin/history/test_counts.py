"""What is counted in memory: by hour, bounded, and never lost to a batch that could not be written."""

from __future__ import annotations

from dataclasses import replace

from pyproxy.admin.history.counts import HOURS_LIMIT, Counts
from pyproxy.errors import UpstreamStatus, UpstreamTimeout
from pyproxy.storage.counted import CallTally, Hour, Latest, ProjectTally, RequestTally
from pyproxy.storage.latencies import bucket_of
from tests.admin.history.requests import asked

TIMEOUT = UpstreamTimeout("first", "was silent")


def test_requests_are_counted_in_the_hour_in_which_they_ended() -> None:
    counts = Counts()
    counts.request(3599.9, "page", "hit", 10)
    counts.request(3600.0, "page", "miss", 7)
    counts.request(7199.0, "page", "miss", 7)
    counts.request(5.0, "page", "hit", 1)  # a clock that was set back
    assert counts.take().hours == {
        0: Hour(requests={("page", "hit"): RequestTally(2, 11, 11)}),
        3600: Hour(requests={("page", "miss"): RequestTally(2, 14, 0)}),
    }


def test_what_was_taken_is_counted_no_more() -> None:
    counts = Counts()
    counts.request(5.0, "page", "hit", 10)
    taken = counts.take()
    counts.request(5.0, "page", "hit", 10)
    assert taken == counts.take()
    assert not counts.take()


def test_pages_and_files_are_counted_of_a_project_and_nothing_else() -> None:
    counts = Counts()
    for route in ("page", "file", "file", "metadata", "json"):
        counts.served(5.0, "demo", route)
    assert counts.take().hours == {0: Hour(projects={"demo": ProjectTally(1, 2)})}


def test_a_call_counts_by_how_it_ended() -> None:
    counts = Counts()
    counts.call(5.0, asked(seconds=0.2, received=70))
    counts.call(6.0, asked(found=False, seconds=0.1, received=0))
    counts.call(7.0, asked(TIMEOUT, seconds=5.0, received=None))
    counts.call(8.0, asked(UpstreamStatus("first", 401, "answered 401"), received=None))
    tally = CallTally(
        calls=4,
        missing=1,
        received=70,
        failures={"timeout": 1, "credentials refused": 1},
        latencies={bucket_of(0.2): 1, bucket_of(0.1): 1},
    )
    assert counts.take().hours == {0: Hour(calls={"first": tally})}


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
    tally = counts.take().hours[0].calls["first"]
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
    counts.request(3600.0, "page", "hit", 1)
    counts.take_back(unwritten)
    counts.request(3601.0, "page", "hit", 1)
    counted = counts.take()
    first, second = counted.hours[0], counted.hours[3600]
    assert first.requests == {("page", "hit"): RequestTally(2, 20, 20), ("file", "hit"): RequestTally(1, 10, 10)}
    assert first.projects == {"demo": ProjectTally(2, 0), "other": ProjectTally(1, 0)}
    assert first.calls["first"].failures == {"timeout": 2}
    assert second.requests == {("page", "hit"): RequestTally(2, 2, 2)}
    assert counted.latest == {1: Latest(succeeded_at=7.0, failed_at=6.0, failures_in_a_row=0)}


def test_a_flood_of_names_takes_a_bounded_amount_of_memory() -> None:
    counts = Counts(projects_limit=10)
    for number in range(1000):
        counts.served(5.0, f"p{number}", "page")
    assert len(counts.take().hours[0].projects) == 10


def test_a_flood_of_names_stays_bounded_while_it_waits_for_a_database() -> None:
    counts = Counts(projects_limit=10)
    for batch in range(50):
        unwritten = counts.take()
        for number in range(5):
            counts.served(5.0, f"p{batch}-{number}", "page")
        counts.take_back(unwritten)
    assert len(counts.take().hours[0].projects) == 10


def test_what_is_known_already_is_counted_on_when_there_is_no_room_for_more() -> None:
    counts = Counts(projects_limit=1)
    for project in ("demo", "other", "demo"):
        counts.served(5.0, project, "page")
    assert counts.take().hours[0].projects == {"demo": ProjectTally(2, 0)}


def test_of_what_waits_for_a_database_the_oldest_hours_go() -> None:
    counts = Counts()
    for hour in range(HOURS_LIMIT + 5):
        counts.request(3600.0 * hour, "page", "hit", 1)
        counts.take_back(counts.take())
    assert sorted(counts.take().hours) == [3600 * hour for hour in range(5, HOURS_LIMIT + 5)]
