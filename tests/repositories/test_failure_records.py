"""From what observers are told to what is stored: batched, bounded, and never in anybody's way."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.errors import HashMismatch, UpstreamError, UpstreamTimeout
from pyproxy.repositories import failure_records
from pyproxy.repositories.failure_records import FailureRecords
from pyproxy.repositories.observer import Asked, Route
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.failures import FailureStore
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore

TIMEOUT = UpstreamTimeout("first", "did not answer within 5 s")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / DATABASE_NAME)
    UpstreamStore(database, SecretBox.open(tmp_path, {})).add(
        UpstreamSettings(name="first", url="https://example.org/")
    )
    yield database
    database.close()


def asked(
    error: UpstreamError | None,
    project: str = "demo",
    filename: str = "",
    route: Route = "page",
    *,
    part: bool = False,
    rests_for: float | None = None,
) -> Asked:
    return Asked(
        upstream_id=1,
        upstream="first",
        route=route,
        project=project,
        filename=filename,
        error=error,
        part=part,
        rests_for=rests_for,
    )


async def test_many_failures_of_a_second_are_written_at_once(database: Database) -> None:
    records = FailureRecords(FailureStore(database), lambda: 100.0)
    for _ in range(50):
        records.asked(asked(TIMEOUT))
    assert FailureStore(database).of_project("demo") == [], "nothing is written on the way"
    await records.flush()
    (failure,) = FailureStore(database).of_project("demo")
    assert (failure.times, failure.kind, failure.reason) == (50, "timeout", "did not answer within 5 s")


async def test_a_part_of_a_file_does_not_make_its_wrong_hash_right(database: Database) -> None:
    records = FailureRecords(FailureStore(database), lambda: 100.0)
    records.asked(asked(HashMismatch("first", "sent other bytes"), filename="demo-1.0.tar.gz", route="file"))
    records.asked(asked(None, filename="demo-1.0.tar.gz", route="file", part=True))
    await records.flush()
    assert FailureStore(database).of_project("demo")[0].over_at is None
    records.asked(asked(None, filename="demo-1.0.tar.gz", route="file"))
    await records.flush()
    assert FailureStore(database).of_project("demo")[0].over_at == 100.0


async def test_a_rest_is_recorded_with_its_next_probe(database: Database) -> None:
    records = FailureRecords(FailureStore(database), lambda: 100.0)
    records.rest_began(1, "first", TIMEOUT)
    records.asked(asked(TIMEOUT, rests_for=5.0))
    await records.flush()
    records.asked(asked(TIMEOUT, rests_for=10.0))
    await records.flush()
    (rest,) = FailureStore(database).rests().values()
    assert (rest.since, rest.reason, rest.probe_at) == (100.0, "did not answer within 5 s", 110.0)
    records.rest_ended(1, "first")
    await records.flush()
    assert FailureStore(database).rests() == {}


async def test_what_waits_in_memory_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failure_records, "PENDING_LIMIT", 3)
    records = FailureRecords(FailureStore(database), lambda: 100.0)
    for number in range(10):
        records.asked(asked(TIMEOUT, f"p{number}"))
    await records.flush()
    rows = database.all("SELECT project FROM upstream_failures ORDER BY project", {})
    assert [row["project"] for row in rows] == ["p7", "p8", "p9"]


async def test_a_disk_that_takes_nothing_is_logged_once_and_nothing_is_lost(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    records = FailureRecords(FailureStore(database), lambda: 100.0)
    pages = database.one("PRAGMA page_count", {})
    assert pages is not None
    database.write_now(lambda connection: connection.execute("CREATE TABLE filler (blob BLOB)"))

    def limit(pages: int) -> None:
        # Outside of a transaction, as PRAGMAs of the file must be.
        assert database._writer is not None
        database._writer.execute(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        with pytest.raises(Exception, match="disk is full"):
            database.write_now(lambda connection: connection.execute("INSERT INTO filler VALUES (zeroblob(10000000))"))

    limit(1)  # what there is already stays; no page more
    fill()
    with caplog.at_level(logging.ERROR):
        for number in range(300):
            records.asked(asked(TIMEOUT, f"p{number}", filename="x" * 200))
            if number % 100 == 99:
                await records.flush()
    assert len(caplog.records) == 1, caplog.text
    assert "cannot be recorded for now" in caplog.text
    limit(1_000_000)
    await records.flush()
    row = database.one("SELECT count(*) AS rows FROM upstream_failures", {})
    assert row is not None
    assert row["rows"] == 300
