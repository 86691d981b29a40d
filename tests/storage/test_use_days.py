"""Sums by the day of last use are true, and what goes first is told by them to the byte."""

from __future__ import annotations

import hashlib
import random
from contextlib import closing
from pathlib import Path

import pytest

from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from pyproxy.storage.use_days import DAY_SECONDS, Amount, UseDays
from tests.storage.conftest import Clock, OpenStore
from tests.storage.evicting import SIZE, content, keep_all
from tests.storage.keeping import keep, sha256_of
from tests.storage.older_schemas import schema_before

Contents = list[tuple[float, str, int]]


def assert_true(database: Database) -> None:
    days = database.all("SELECT day, files, bytes FROM use_days ORDER BY day", {})
    true = database.all(
        """
        SELECT CAST(last_used / 86400 AS INTEGER) AS day, count(*), sum(size) FROM contents GROUP BY day ORDER BY day
        """,
        {},
    )
    assert [tuple(row) for row in days] == [tuple(row) for row in true]


@pytest.fixture
def contents(database: Database) -> Contents:
    """Of some days, most of them on one of these; sorted as they go."""
    chance = random.Random(3)
    found = []
    for number in range(200):
        day = chance.choice((1000, 1000, 1000, 1003, 1004, 1010))
        last_used = day * DAY_SECONDS + chance.choice((0.0, 0.5, 43_200.25, 86_399.75))
        found.append((last_used, hashlib.sha256(bytes([number])).hexdigest(), chance.choice((0, 1, 10, 1000))))
    rows = [(sha256, size, last_used, last_used) for last_used, sha256, size in found]
    database.write_now(
        lambda connection: connection.executemany(
            "INSERT INTO contents (sha256, size, stored_at, last_used) VALUES (?, ?, ?, ?)", rows
        )
    )
    return sorted(found)


def amount(contents: Contents) -> Amount:
    return Amount(len(contents), sum(size for _, _, size in contents))


async def test_the_sums_follow_keeps_uses_evictions_and_new_sizes(
    database: Database, open_store: OpenStore, clock: Clock
) -> None:
    files = open_store(4 * SIZE)
    await keep_all(files, clock, *"abc")
    assert_true(database)
    clock.now += 3 * DAY_SECONDS
    files.note_use(sha256_of(content("b")), clock.now)
    await files.flush_uses()
    assert_true(database)
    await keep_all(files, clock, *"defg")
    assert_true(database)
    await files.forget("x", "b.whl")
    database.write_now(lambda connection: connection.execute("UPDATE contents SET size = size + 5"))
    assert_true(database)
    await files.forget("x")
    assert database.all("SELECT * FROM use_days", {}) == []


@pytest.mark.parametrize("day", [0, 999, 1000, 1001, 1003, 1011])
@pytest.mark.parametrize("second", [0.0, 0.5, 43_200.0, 86_399.9])
def test_what_was_not_used_since_is_told_to_the_second(
    database: Database, contents: Contents, day: int, second: float
) -> None:
    since = day * DAY_SECONDS + second
    assert UseDays(database).unused_since(since) == amount([each for each in contents if each[0] < since])


@pytest.mark.parametrize("size", [-5, 0, 1, 7, 500, 20_000, 10**9])
@pytest.mark.parametrize("since", [0.0, 1000.0 * DAY_SECONDS + 0.5, 1003.5 * DAY_SECONDS, 2000.0 * DAY_SECONDS])
def test_what_goes_first_is_told_to_the_byte(
    database: Database, contents: Contents, size: int, since: float
) -> None:
    expected: Contents = []
    for each in contents:
        if each[0] >= since and amount(expected).bytes < size:
            expected.append(each)
    assert UseDays(database).least_recent(size, since=since) == amount(expected)


def test_the_first_ones_are_named_oldest_first(database: Database, contents: Contents) -> None:
    first = UseDays(database).first(5)
    assert [(each.last_used, each.sha256, each.size) for each in first] == contents[:5]
    assert {(each.project, each.filename) for each in first} == {(None, None)}, "these bytes have no names"


async def test_they_are_named_by_their_oldest_names(database: Database, open_store: OpenStore, clock: Clock) -> None:
    files = open_store(None)
    await keep(files, b"1234", "x-1.whl")
    clock.now += 1
    await files.add_name(sha256=sha256_of(b"1234"), project="a", filename="a-1.whl", upstream="a", hashes={})
    [first] = UseDays(database).first(5)
    assert (first.project, first.filename) == ("x", "x-1.whl")


def test_no_rows_of_files_are_read_for_the_sums(database: Database) -> None:
    from pyproxy.storage import use_days

    values = {"day": 1, "before": 2.0, "since": 0.0, "bytes": 5}
    for sql in (use_days._DAYS, use_days._SINCE_DAY, use_days._BEFORE_FULL):
        plan = [row["detail"] for row in database.all(f"EXPLAIN QUERY PLAN {sql}", values)]
        assert not any("contents" in line and "COVERING INDEX" not in line for line in plan), plan


async def test_an_upgrade_sums_up_what_was_there_before(tmp_path: Path) -> None:
    with (
        closing(Database.open(tmp_path / "db", migrations=schema_before("days of last use"))) as before,
        closing(FileStore(tmp_path, before, clock=Clock())) as files,
    ):
        await keep(files, b"1234", "x-1.whl")
        await keep(files, b"123456", "x-2.whl")
    with closing(Database.open(tmp_path / "db")) as after:
        assert UseDays(after).everything() == Amount(2, 10)
        assert_true(after)
