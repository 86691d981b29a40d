"""What was counted, added to what other processes counted, by hour and by day; what is too old goes.

Every number in the tables only ever grows by ``+=``, in one transaction for each batch, so workers need not know of
each other. The tables are bounded: by the lengths of time in ``periods``, and by `PROJECTS_PER_PERIOD`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial

from pyproxy.storage.counted import Counted, Hour
from pyproxy.storage.database import Database
from pyproxy.storage.periods import DAY, HOUR, KEPT, start_of

PROJECTS_PER_PERIOD = 500
"""Projects that stay counted in each hour and each day, those asked for most; twice as many while it is not over."""

PROJECTS_KEPT = {HOUR: DAY + HOUR, DAY: 31 * DAY}
"""A period's length → how long its projects are kept, both in seconds: they are many."""


class HistoryStore:
    """Adds batches to the counts."""

    def __init__(self, database: Database, *, projects_per_period: int = PROJECTS_PER_PERIOD) -> None:
        self._database = database
        self._projects = projects_per_period
        self._tidied: int | None = None

    async def add(self, counted: Counted, now: float) -> None:
        """Add a batch, and once an hour remove what is too old at ``now`` (unix seconds), in one transaction.

        Does not wait for a database that another process keeps busy. Raises `StorageError`; then nothing was added.
        """
        await self._database.write(partial(self._add, counted=counted, now=now), patient=False)

    def _add(self, connection: sqlite3.Connection, *, counted: Counted, now: float) -> None:
        connection.executemany(_ADD_REQUESTS, _requests(counted))
        connection.executemany(_ADD_CALLS, _calls(counted))
        connection.executemany(_ADD_FAILURES, _failures(counted))
        connection.executemany(_ADD_LATENCIES, _latencies(counted))
        connection.executemany(_ADD_PROJECTS, _projects(counted))
        connection.executemany(_ADD_LATEST, _latest(counted))
        hour = start_of(now, HOUR)
        if self._tidied != hour:
            self._tidy(connection, now)
            self._tidied = hour
        for length in KEPT:
            self._trim_projects(connection, length, start_of(now, length), 2 * self._projects)

    def _tidy(self, connection: sqlite3.Connection, now: float) -> None:
        for length, kept in KEPT.items():
            for table in ("client_counts", "upstream_counts", "upstream_failure_counts", "upstream_latency_counts"):
                _remove_before(connection, table, length, now - kept)
            _remove_before(connection, "project_counts", length, now - PROJECTS_KEPT[length])
            starts = "SELECT DISTINCT start FROM project_counts WHERE length = :length AND start < :current"
            values = {"length": length, "current": start_of(now, length)}
            for row in connection.execute(starts, values).fetchall():
                self._trim_projects(connection, length, row["start"], self._projects)

    def _trim_projects(self, connection: sqlite3.Connection, length: int, start: int, most: int) -> None:
        values = {"length": length, "start": start, "projects": self._projects}
        count = "SELECT count(*) FROM project_counts WHERE length = :length AND start = :start"
        if connection.execute(count, values).fetchone()[0] > most:
            connection.execute(_TRIM_PROJECTS, values)


def _remove_before(connection: sqlite3.Connection, table: str, length: int, before: float) -> None:
    connection.execute(
        f"DELETE FROM {table} WHERE length = :length AND start < :before", {"length": length, "before": before}
    )


_ADD_REQUESTS = """
    INSERT INTO client_counts (length, start, route, outcome, requests, sent, saved)
    VALUES (:length, :start, :route, :outcome, :requests, :sent, :saved)
    ON CONFLICT (length, start, outcome, route) DO UPDATE SET
        requests = requests + excluded.requests, sent = sent + excluded.sent, saved = saved + excluded.saved
"""

_ADD_CALLS = """
    INSERT INTO upstream_counts (length, start, upstream, calls, missing, received)
    VALUES (:length, :start, :upstream, :calls, :missing, :received)
    ON CONFLICT (length, start, upstream) DO UPDATE SET
        calls = calls + excluded.calls, missing = missing + excluded.missing, received = received + excluded.received
"""

_ADD_FAILURES = """
    INSERT INTO upstream_failure_counts (length, start, upstream, kind, failures)
    VALUES (:length, :start, :upstream, :kind, :failures)
    ON CONFLICT (length, start, upstream, kind) DO UPDATE SET failures = failures + excluded.failures
"""

_ADD_LATENCIES = """
    INSERT INTO upstream_latency_counts (length, start, upstream, bucket, answers)
    VALUES (:length, :start, :upstream, :bucket, :answers)
    ON CONFLICT (length, upstream, bucket, start) DO UPDATE SET answers = answers + excluded.answers
"""

_ADD_PROJECTS = """
    INSERT INTO project_counts (length, start, project, pages, files)
    VALUES (:length, :start, :project, :pages, :files)
    ON CONFLICT (length, start, project) DO UPDATE SET
        pages = pages + excluded.pages, files = files + excluded.files
"""

_ADD_LATEST = """
    INSERT INTO upstream_latest
        (upstream_id, succeeded_at, failed_at, failures_in_a_row, certificate_ends, certificate_seen_at)
    SELECT :upstream_id, :succeeded_at, :failed_at, :failures_in_a_row, :certificate_ends, :certificate_seen_at
    WHERE EXISTS (SELECT 1 FROM upstreams WHERE id = :upstream_id)
    ON CONFLICT (upstream_id) DO UPDATE SET
        succeeded_at = coalesce(excluded.succeeded_at, succeeded_at),
        failed_at = coalesce(excluded.failed_at, failed_at),
        failures_in_a_row = excluded.failures_in_a_row
            + CASE WHEN excluded.succeeded_at IS NULL THEN failures_in_a_row ELSE 0 END,
        certificate_ends = coalesce(excluded.certificate_ends, certificate_ends),
        certificate_seen_at = coalesce(excluded.certificate_seen_at, certificate_seen_at)
"""
"""Not for an upstream that was removed meanwhile."""

_TRIM_PROJECTS = """
    DELETE FROM project_counts WHERE length = :length AND start = :start AND project IN (
        SELECT project FROM project_counts WHERE length = :length AND start = :start
        ORDER BY pages + files DESC, random() LIMIT -1 OFFSET :projects
    )
"""
"""By chance among equals: who asks for a flood of names must not push out all that come late in the alphabet."""


def _periods(counted: Counted) -> Iterator[tuple[Hour, dict[str, object]]]:
    """Each hour with the columns of the hour that it is, and of the day in which it lies."""
    for began, hour in counted.hours.items():
        for length in KEPT:
            yield hour, {"length": length, "start": start_of(began, length)}


def _requests(counted: Counted) -> Iterator[dict[str, object]]:
    for hour, period in _periods(counted):
        for (route, outcome), tally in hour.requests.items():
            yield {**period, "route": route, "outcome": outcome, **asdict(tally)}


def _calls(counted: Counted) -> Iterator[dict[str, object]]:
    for hour, period in _periods(counted):
        for upstream, tally in hour.calls.items():
            figures = {"calls": tally.calls, "missing": tally.missing, "received": tally.received}
            yield {**period, "upstream": upstream, **figures}


def _failures(counted: Counted) -> Iterator[dict[str, object]]:
    for hour, period in _periods(counted):
        for upstream, tally in hour.calls.items():
            for kind, times in tally.failures.items():
                yield {**period, "upstream": upstream, "kind": kind, "failures": times}


def _latencies(counted: Counted) -> Iterator[dict[str, object]]:
    for hour, period in _periods(counted):
        for upstream, tally in hour.calls.items():
            for bucket, answers in tally.latencies.items():
                yield {**period, "upstream": upstream, "bucket": bucket, "answers": answers}


def _projects(counted: Counted) -> Iterator[dict[str, object]]:
    for hour, period in _periods(counted):
        for project, tally in hour.projects.items():
            yield {**period, "project": project, "pages": tally.pages, "files": tally.files}


def _latest(counted: Counted) -> Iterator[dict[str, object]]:
    for upstream_id, latest in counted.latest.items():
        yield {"upstream_id": upstream_id, **asdict(latest)}
