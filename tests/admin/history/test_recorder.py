"""From what the recorder is told to what is in the database: batched, and never in anybody's way."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pyproxy.admin.history.recorder import Recorder
from pyproxy.errors import UpstreamTimeout
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.activity import ActivityStore, UpstreamRequest
from pyproxy.storage.activity_reads import ActivityReads, Place, Wanted
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.history import HistoryStore
from pyproxy.storage.history_reads import HistoryReads, ProjectSum
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore
from tests.admin.history.requests import Ended, asked
from tests.storage.counting import NOON, added_up, table, the_day_of

ANY = Wanted({}, {})


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / DATABASE_NAME)
    UpstreamStore(database, SecretBox.open(tmp_path, {})).add(
        UpstreamSettings(name="first", url="https://example.org/")
    )
    yield database
    database.close()


@pytest.fixture
def recorder(database: Database) -> Recorder:
    return Recorder(HistoryStore(database), ActivityStore(database), lambda: NOON)


def outcomes(database: Database) -> list[str]:
    return [row.request.outcome for row in ActivityReads(database).clients(ANY, Place(limit=5000))]


async def test_nothing_is_written_on_the_way_and_everything_at_the_flush(
    database: Database, recorder: Recorder
) -> None:
    for _ in range(50):
        recorder.answered(Ended())
    assert added_up(database, the_day_of(NOON)) == 0
    await recorder.flush()
    assert added_up(database, the_day_of(NOON)) == 50
    assert outcomes(database) == ["hit"] * 50
    await recorder.flush()
    assert added_up(database, the_day_of(NOON)) == 50


async def test_a_call_is_counted_and_recorded_with_its_failure(database: Database, recorder: Recorder) -> None:
    recorder.asked(asked(UpstreamTimeout("first", "was silent"), seconds=5.0, received=None))
    recorder.asked(asked(found=False, seconds=0.5, received=0))
    await recorder.flush()
    rows = [row.request for row in ActivityReads(database).upstreams(ANY, Place())]
    assert rows == [
        UpstreamRequest(NOON, "first", "page", "demo", "", "missing", "", "", 0.5, 0),
        UpstreamRequest(NOON, "first", "page", "demo", "", "failed", "timeout", "was silent", 5.0, None),
    ]
    (calls,) = HistoryReads(database, the_day_of(NOON)).calls()
    assert (calls.upstream, calls.calls, calls.missing) == ("first", 2, 1)
    assert table(database, "upstream_latest") == [(1, NOON, NOON, 0, None, None)]


@pytest.mark.parametrize("route", ["health", "metrics", "static", "home", "admin"])
async def test_requests_of_monitoring_and_of_people_are_not_recorded(
    database: Database, recorder: Recorder, route: str
) -> None:
    recorder.answered(Ended(route=route, project=""))
    await recorder.flush()
    assert (added_up(database, the_day_of(NOON)), outcomes(database)) == (0, [])


@pytest.mark.parametrize("route", ["other", "redirect"])
async def test_wrong_addresses_are_shown_and_not_counted(database: Database, recorder: Recorder, route: str) -> None:
    recorder.answered(Ended(route=route, project="", outcome="-", status=404, path="/pypi/simple"))
    await recorder.flush()
    assert (added_up(database, the_day_of(NOON)), outcomes(database)) == (0, ["missing"])


async def test_only_projects_that_were_served_are_counted(database: Database, recorder: Recorder) -> None:
    """Names that somebody made up must not fill the table."""
    recorder.answered(Ended(project="made-up", outcome="-", status=404))
    recorder.answered(Ended(project="failing", outcome="failed", status=502))
    recorder.answered(Ended(project="spelling", outcome="-", status=301))
    recorder.answered(Ended(project="headed", method="HEAD"))
    recorder.answered(Ended(project="demo"))
    recorder.answered(Ended(project="demo", status=304))
    recorder.answered(Ended(project="demo", route="file", filename="demo-1.0.tar.gz"))
    recorder.answered(Ended(project="demo", route="file", filename="demo-1.0.tar.gz", status=206))
    await recorder.flush()
    assert HistoryReads(database, the_day_of(NOON)).projects(9) == [ProjectSum("demo", 2, 1)]


async def test_a_busy_database_costs_nothing_but_a_line_in_the_log(
    database: Database, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with caplog.at_level(logging.INFO):
            for _ in range(5):
                recorder.answered(Ended())
                await recorder.flush()
        other.execute("COMMIT")
    assert sorted(record.getMessage().partition(" cannot")[0] for record in caplog.records) == [
        "counts of requests",
        "recent requests",
    ]
    await recorder.flush()
    assert added_up(database, the_day_of(NOON)) == 5
    assert outcomes(database) == ["hit"] * 5


async def test_a_full_disk_is_survived_and_nothing_that_is_counted_is_lost(
    database: Database, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    def limit(pages: int) -> None:
        # Outside of a transaction, as PRAGMAs of the file must be.
        assert database._writer is not None
        database._writer.execute(f"PRAGMA max_page_count = {pages}")

    database.write_now(lambda connection: connection.execute("CREATE TABLE filler (blob BLOB)"))
    limit(1)  # what there is already stays; no page more
    with pytest.raises(Exception, match="disk is full"):
        database.write_now(lambda connection: connection.execute("INSERT INTO filler VALUES (zeroblob(10000000))"))
    with caplog.at_level(logging.ERROR):
        for number in range(1200):
            recorder.answered(Ended(project=f"p{number}"))
            if number % 150 == 149:
                await recorder.flush()
    assert len(caplog.records) == 2, caplog.text
    limit(1_000_000)
    await recorder.flush()
    assert added_up(database, the_day_of(NOON)) == 1200
    extent = ActivityReads(database).clients_extent()
    assert extent.rows + extent.left_out == 1200


async def test_a_flood_of_requests_is_recorded_in_part_and_says_so(database: Database, recorder: Recorder) -> None:
    for _ in range(5000):
        recorder.answered(Ended())
    recorder.answered(Ended(outcome="failed", status=502))
    await recorder.flush()
    extent = ActivityReads(database).clients_extent()
    assert extent.rows < 300
    assert extent.rows + extent.left_out == 5001
    assert "failed" in outcomes(database)
    assert added_up(database, the_day_of(NOON)) == 5001


async def test_an_upstream_that_was_removed_meanwhile_is_no_obstacle(
    tmp_path: Path, database: Database, recorder: Recorder
) -> None:
    recorder.asked(asked())
    UpstreamStore(database, SecretBox.open(tmp_path, {})).remove("first")
    await recorder.flush()
    assert table(database, "upstream_latest") == []
    assert len(table(database, "upstream_requests")) == 1
