"""What the dashboard shows, as values: for a page, the JSON API, or a command.

Times are unix seconds, durations seconds, sizes bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pyproxy.admin.dashboard.ranges import RangeName
from pyproxy.storage.failures import Failure, Rest
from pyproxy.storage.history_reads import ProjectSum

UpstreamState = Literal["active", "off", "resting", "failing", "never asked"]
"""``failing``: the newest request to it failed. ``resting``: it is not asked until a probe succeeds."""

Severity = Literal["error", "warning"]
"""``error``: something is not served, or soon will not be."""

Target = tuple[Literal["upstream", "upstreams", "project", "storage", "server", "activity"], str]
"""Where it is mended: a kind of page, and the name of what it is about, where there are several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What was counted in some time.

    ``hits`` are requests answered from what is kept here, ``misses`` those for which an upstream was asked, ``failed``
    those that should have been answered and were not; further ``requests`` were for what does not exist, or wrong.
    ``saved`` are bytes of those ``sent`` that no upstream had to send for it. ``calls`` went to upstreams.
    """

    requests: int = 0
    hits: int = 0
    misses: int = 0
    failed: int = 0
    sent: int = 0
    saved: int = 0
    calls: int = 0
    call_failures: int = 0
    received: int = 0

    @property
    def hit_ratio(self) -> float | None:
        """Hits among hits and misses, 0 to 1; ``None`` where there was neither."""
        return self.hits / (self.hits + self.misses) if self.hits or self.misses else None


@dataclass(frozen=True, slots=True)
class Bucket:
    """One point of the charts: from ``start`` on."""

    start: int
    sums: Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamSummary:
    """One upstream in the range that is shown, and how it stands now.

    ``failures`` counts by kind. ``median`` and ``p95`` are of answers for pages and other documents, ``None`` where
    there was none. ``last_failure`` may be over. ``certificate_ends`` is that of the certificate it showed last, at
    ``certificate_seen_at``, if it showed one.
    """

    id: int
    name: str
    priority: int
    state: UpstreamState
    calls: int = 0
    missing: int = 0
    received: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)
    median: float | None = None
    p95: float | None = None
    last_failure: Failure | None = None
    rest: Rest | None = None
    failures_in_a_row: int = 0
    succeeded_at: float | None = None
    failed_at: float | None = None
    certificate_ends: float | None = None
    certificate_seen_at: float | None = None


@dataclass(frozen=True, slots=True)
class Attention:
    """Something that somebody should look after; ``sentence`` is for people, without a full stop."""

    severity: Severity
    sentence: str
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """What is kept, beside the limits; ``None``: no limit is set, or the disk does not tell."""

    cached: int
    database: int
    max_size: int | None
    free: int | None
    min_free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The dashboard at ``now``. ``projects`` are those asked most since ``projects_since``."""

    range: RangeName
    now: float
    bucket_seconds: int
    totals: Sums
    buckets: tuple[Bucket, ...]
    projects: tuple[ProjectSum, ...]
    projects_since: int
    upstreams: tuple[UpstreamSummary, ...]
    disk: Disk
    attention: tuple[Attention, ...]


@dataclass(frozen=True, slots=True)
class UpstreamBucket:
    """One point of an upstream's charts; ``median`` and ``p95`` are ``None`` where nothing was answered."""

    start: int
    calls: int
    failures: int
    median: float | None
    p95: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamHistory:
    """One upstream over time."""

    range: RangeName
    now: float
    bucket_seconds: int
    summary: UpstreamSummary
    buckets: tuple[UpstreamBucket, ...]
