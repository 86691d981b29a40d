"""Looks everything up for the dashboard: in one snapshot, in a thread, in some milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyproxy.admin.dashboard.attention import LATELY, MISMATCHES, attention
from pyproxy.admin.dashboard.model import Disk, Overview, UpstreamHistory
from pyproxy.admin.dashboard.ranges import PROJECTS, RANGES, RangeName
from pyproxy.admin.dashboard.series import buckets, total, upstream_buckets
from pyproxy.admin.dashboard.upstreams import Standing, summaries
from pyproxy.storage.damage import damage_since
from pyproxy.storage.database import Database
from pyproxy.storage.directory import is_writable
from pyproxy.storage.failures import FailureStore, Rest
from pyproxy.storage.history_reads import HistoryReads
from pyproxy.storage.rebuild import index_state
from pyproxy.storage.sizes import free_bytes, read_bytes
from pyproxy.storage.snapshots import Reads, in_snapshot
from pyproxy.storage.upstream_standing import latest_of_upstreams, mismatches, newest_failures
from pyproxy.storage.upstreams import StoredUpstream, UpstreamStore

SHOWN_PROJECTS = 10
"""How many of the projects asked most are shown."""


@dataclass(frozen=True, slots=True)
class Room:
    """The storage directory and its limits in bytes (``max_size`` ``None``: there is none)."""

    directory: Path
    min_free: int
    max_size: int | None


class Dashboard:
    """Read models of the dashboard and of an upstream's page. Everything raises `StorageError`.

    ``clock`` gives unix seconds, as ``own_certificate_ends`` does, for the certificate that the server itself shows.
    """

    def __init__(
        self,
        database: Database,
        upstreams: UpstreamStore,
        *,
        room: Room,
        clock: Callable[[], float],
        own_certificate_ends: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._database = database
        self._upstreams = upstreams
        self._failures = FailureStore(database)
        self._room = room
        self._clock = clock
        self._own_certificate_ends = own_certificate_ends

    async def overview(self, name: RangeName) -> Overview:
        """All of the dashboard, for one range."""
        look = partial(
            self._overview,
            name=name,
            now=self._clock(),
            stored=self._upstreams.list(reveal=False),
            rests=self._failures.rests(),
        )
        return await in_snapshot(self._database, look)

    async def upstream(self, upstream: str, name: RangeName) -> UpstreamHistory:
        """One upstream over time; raises `ConfigurationError` where there is none of that name."""
        look = partial(
            self._upstream,
            name=name,
            now=self._clock(),
            stored=self._upstreams.get(upstream, reveal=False),
            rests=self._failures.rests(),
        )
        return await in_snapshot(self._database, look)

    def _overview(
        self, reads: Reads, *, name: RangeName, now: float, stored: list[StoredUpstream], rests: dict[int, Rest]
    ) -> Overview:
        window, asked_most = RANGES[name].window(now), PROJECTS[name].window(now)
        history = HistoryReads(reads, window)
        calls, failures = history.calls(), history.failures()
        points = buckets(window, history.requests(), calls, failures)
        upstreams = summaries(stored, standing_of(reads, rests), calls, failures, history.latencies())
        disk = self._disk(reads)
        return Overview(
            range=name,
            now=now,
            bucket_seconds=window.seconds,
            totals=total(points),
            buckets=points,
            projects=tuple(HistoryReads(reads, asked_most).projects(SHOWN_PROJECTS)),
            projects_since=asked_most.first,
            upstreams=upstreams,
            disk=disk,
            attention=attention(
                stored,
                upstreams,
                mismatches(reads, MISMATCHES + 1),
                disk,
                own_certificate_ends=self._own_certificate_ends(),
                index=index_state(reads),
                writable=is_writable(self._room.directory),
                damage=damage_since(reads, now - LATELY),
                loss=self._database.file.loss(),
                now=now,
            ),
        )

    def _upstream(
        self, reads: Reads, *, name: RangeName, now: float, stored: StoredUpstream, rests: dict[int, Rest]
    ) -> UpstreamHistory:
        window, own = RANGES[name].window(now), stored.settings.name
        history = HistoryReads(reads, window)
        calls = [row for row in history.calls() if row.upstream == own]
        failures = [row for row in history.failures() if row.upstream == own]
        (summary,) = summaries([stored], standing_of(reads, rests), calls, failures, history.latencies())
        return UpstreamHistory(
            range=name,
            now=now,
            bucket_seconds=window.seconds,
            summary=summary,
            buckets=upstream_buckets(window, calls, failures, history.latencies_of(own)),
        )

    def _disk(self, reads: Reads) -> Disk:
        taken, room = read_bytes(reads), self._room
        return Disk(
            cached=taken.contents,
            database=taken.database,
            max_size=room.max_size,
            free=free_bytes(room.directory),
            min_free=room.min_free,
        )


def standing_of(reads: Reads, rests: dict[int, Rest]) -> Standing:
    """How all upstreams stand; ``rests`` are those of `FailureStore`. Raises `StorageError`."""
    return Standing(latest=latest_of_upstreams(reads), failures=newest_failures(reads), rests=rests)
