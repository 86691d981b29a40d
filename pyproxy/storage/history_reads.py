"""What was counted, added up for charts and tables: SQLite does the adding, so a year takes some milliseconds."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from pyproxy.storage.snapshots import Reads


@dataclass(frozen=True, slots=True)
class Window:
    """A row of ``buckets`` of ``seconds`` each, the first from ``first`` on (unix seconds), each a *place* from 0 on.

    ``length`` is that of the periods that are read: ``periods.HOUR`` or ``DAY``, of which ``seconds`` is a multiple.
    """

    length: int
    first: int
    seconds: int
    buckets: int

    @property
    def starts(self) -> list[int]:
        """When each bucket begins."""
        return [self.first + place * self.seconds for place in range(self.buckets)]


class RequestSum(NamedTuple):
    """Requests of clients that ended with one outcome, in one place; ``sent`` and ``saved`` in bytes."""

    place: int
    outcome: str
    requests: int
    sent: int
    saved: int


class CallSum(NamedTuple):
    """Requests to one upstream, in one place; ``received`` in bytes."""

    place: int
    upstream: str
    calls: int
    missing: int
    received: int


class FailureSum(NamedTuple):
    """Failures of one kind at one upstream, in one place."""

    place: int
    upstream: str
    kind: str
    failures: int


class ProjectSum(NamedTuple):
    """How often a project's page, and files of it, were served."""

    project: str
    pages: int
    files: int


_WITHIN = "length = :length AND start >= :first AND start < :end"
_PLACE = "(start - :first) / :seconds"


class HistoryReads:
    """Adds up what lies in a window. Everything raises `StorageError`."""

    def __init__(self, reads: Reads, window: Window) -> None:
        self._reads = reads
        self._values = {
            "length": window.length,
            "first": window.first,
            "end": window.first + window.seconds * window.buckets,
            "seconds": window.seconds,
        }

    def requests(self) -> list[RequestSum]:
        """By place and outcome."""
        sql = f"""
            SELECT {_PLACE} AS place, outcome, sum(requests), sum(sent), sum(saved) FROM (
                SELECT start, outcome, sum(requests) AS requests, sum(sent) AS sent, sum(saved) AS saved
                FROM client_counts WHERE {_WITHIN} GROUP BY start, outcome
            )
            GROUP BY place, outcome
            """
        return [RequestSum(*row) for row in self._reads.all(sql, self._values)]

    def calls(self) -> list[CallSum]:
        """By place and upstream."""
        sql = f"""
            SELECT {_PLACE} AS place, upstream, sum(calls), sum(missing), sum(received) FROM upstream_counts
            WHERE {_WITHIN} GROUP BY place, upstream
            """
        return [CallSum(*row) for row in self._reads.all(sql, self._values)]

    def failures(self) -> list[FailureSum]:
        """By place, upstream and kind."""
        sql = f"""
            SELECT {_PLACE} AS place, upstream, kind, sum(failures) FROM upstream_failure_counts
            WHERE {_WITHIN} GROUP BY place, upstream, kind
            """
        return [FailureSum(*row) for row in self._reads.all(sql, self._values)]

    def latencies(self) -> dict[str, dict[int, int]]:
        """Upstream → bucket (`storage.latencies`) → answers."""
        sql = f"""
            SELECT upstream, bucket, sum(answers) AS answers FROM upstream_latency_counts
            WHERE {_WITHIN} GROUP BY upstream, bucket
            """
        found: dict[str, dict[int, int]] = defaultdict(dict)
        for row in self._reads.all(sql, self._values):
            found[row["upstream"]][row["bucket"]] = row["answers"]
        return dict(found)

    def latencies_of(self, upstream: str) -> dict[int, dict[int, int]]:
        """Of one upstream: place → bucket → answers."""
        sql = f"""
            SELECT {_PLACE} AS place, bucket, sum(answers) AS answers FROM upstream_latency_counts
            WHERE {_WITHIN} AND upstream = :upstream GROUP BY place, bucket
            """
        found: dict[int, dict[int, int]] = defaultdict(dict)
        for row in self._reads.all(sql, {**self._values, "upstream": upstream}):
            found[row["place"]][row["bucket"]] = row["answers"]
        return dict(found)

    def projects(self, limit: int) -> list[ProjectSum]:
        """Those asked for most, the most first."""
        sql = f"""
            SELECT project, sum(pages), sum(files) FROM project_counts
            WHERE {_WITHIN} GROUP BY project ORDER BY sum(pages) + sum(files) DESC, project LIMIT :limit
            """
        return [ProjectSum(*row) for row in self._reads.all(sql, {**self._values, "limit": limit})]
