"""The audit log: what is written stays as it is, and is found again."""

from __future__ import annotations

import sqlite3

import pytest

from pyproxy.storage.audit import CHANGED, LONGEST_PAGE, Actor, AuditLog, Change
from pyproxy.storage.database import Database
from tests.storage.conftest import Clock

ADA = Actor(name="ada", origin="page", address="192.0.2.1")
ROOT = Actor(name="root", origin="command")


@pytest.fixture
def log(database: Database, clock: Clock) -> AuditLog:
    return AuditLog(database, clock)


def fill(log: AuditLog) -> None:
    log.write(
        ADA, "changed", "upstream pypi", (Change("url", "https://a/", "https://b/"), Change("token", None, CHANGED))
    )
    log.write(ROOT, "purged", "project flask")
    log.write(ADA, "removed", "upstream private")


def test_an_entry_comes_back_whole(log: AuditLog, clock: Clock) -> None:
    fill(log)
    entry = log.entries()[-1]
    assert (entry.at, entry.actor, entry.action, entry.subject) == (clock.now, ADA, "changed", "upstream pypi")
    assert entry.changes == (Change("url", "https://a/", "https://b/"), Change("token", None, CHANGED))


@pytest.mark.parametrize(
    ("wanted", "subjects"),
    [
        ({}, ["upstream private", "project flask", "upstream pypi"]),
        ({"actor": "ROOT"}, ["project flask"]),
        ({"action": "change"}, ["upstream pypi"]),
        ({"subject": "UPSTREAM"}, ["upstream private", "upstream pypi"]),
        ({"actor": "a", "subject": "pypi", "action": "d"}, ["upstream pypi"]),
        ({"limit": 1}, ["upstream private"]),
        ({"actor": "%"}, []),
        ({"before": 3}, ["project flask", "upstream pypi"]),
        ({"before": 2, "actor": "ada"}, ["upstream pypi"]),
        ({"before": -5}, []),
    ],
)
def test_the_newest_come_first_and_are_picked_by_a_part_of_each(
    wanted: dict[str, object], subjects: list[str], log: AuditLog
) -> None:
    fill(log)
    assert [entry.subject for entry in log.entries(**wanted)] == subjects  # type: ignore[arg-type]


def test_a_page_is_bounded(log: AuditLog, database: Database) -> None:
    def write_many(connection: sqlite3.Connection) -> None:
        for number in range(LONGEST_PAGE + 5):
            log.witness(ADA, "changed", f"thing {number}")(connection)

    database.write_now(write_many)
    assert len(log.entries(limit=10**6)) == LONGEST_PAGE


@pytest.mark.parametrize("sql", ["UPDATE audit SET actor = 'eve'", "DELETE FROM audit"])
def test_nobody_edits_it(sql: str, log: AuditLog, database: Database) -> None:
    fill(log)
    with pytest.raises(sqlite3.IntegrityError, match="never edited"):
        database.write_now(lambda connection: connection.execute(sql))
    assert [entry.actor.name for entry in log.entries()] == ["ada", "root", "ada"]
