"""What was counted in memory and waits for being written: sums that can be added up again and again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol, Self, TypeVar


@dataclass(slots=True)
class RequestTally:
    """Requests of clients; ``sent`` are bytes of bodies, ``saved`` those that no upstream had to send for it."""

    requests: int = 0
    sent: int = 0
    saved: int = 0

    def add(self, other: RequestTally) -> None:
        """Count those in, too."""
        self.requests += other.requests
        self.sent += other.sent
        self.saved += other.saved


@dataclass(slots=True)
class CallTally:
    """Requests to an upstream; ``missing`` are honest answers "no such project", ``received`` bytes of bodies.

    ``failures`` counts by kind (`repositories.failure_kinds`), ``latencies`` by bucket (`storage.latencies`).
    """

    calls: int = 0
    missing: int = 0
    received: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    latencies: dict[int, int] = field(default_factory=dict)

    def add(self, other: CallTally) -> None:
        """Count those in, too."""
        self.calls += other.calls
        self.missing += other.missing
        self.received += other.received
        for kind, times in other.failures.items():
            self.failures[kind] = self.failures.get(kind, 0) + times
        for bucket, times in other.latencies.items():
            self.latencies[bucket] = self.latencies.get(bucket, 0) + times


@dataclass(slots=True)
class ProjectTally:
    """How often a project's page, and files of it, were served."""

    pages: int = 0
    files: int = 0

    def add(self, other: ProjectTally) -> None:
        """Count those in, too."""
        self.pages += other.pages
        self.files += other.files


@dataclass(frozen=True, slots=True)
class Hour:
    """What was counted in one hour: by route and outcome, by upstream, by project."""

    requests: dict[tuple[str, str], RequestTally] = field(default_factory=dict)
    calls: dict[str, CallTally] = field(default_factory=dict)
    projects: dict[str, ProjectTally] = field(default_factory=dict)

    def add(self, other: Hour) -> None:
        """Count those in, too."""
        _add(self.requests, other.requests)
        _add(self.calls, other.calls)
        _add(self.projects, other.projects)


@dataclass(frozen=True, slots=True)
class Latest:
    """How the newest requests to an upstream ended (unix seconds; ``None``: none did so for now).

    ``failures_in_a_row`` counts those since the last success, or since the beginning of what this tells of. The
    certificate is the one that the upstream showed last: until when it is valid, and when that was known to be so.
    """

    succeeded_at: float | None = None
    failed_at: float | None = None
    failures_in_a_row: int = 0
    certificate_ends: float | None = None
    certificate_seen_at: float | None = None

    def then(self, later: Latest) -> Latest:
        """This, and what came after it."""
        if later.succeeded_at is None:
            row = self.failures_in_a_row + later.failures_in_a_row
            later = replace(later, succeeded_at=self.succeeded_at, failures_in_a_row=row)
        if later.failed_at is None:
            later = replace(later, failed_at=self.failed_at)
        if later.certificate_seen_at is None:
            known = self.certificate_seen_at
            later = replace(later, certificate_ends=self.certificate_ends, certificate_seen_at=known)
        return later


@dataclass(frozen=True, slots=True)
class Counted:
    """All that was counted for a while: ``hours`` by when they began (unix seconds), ``latest`` by upstreams' ids."""

    hours: dict[int, Hour] = field(default_factory=dict)
    latest: dict[int, Latest] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.hours or self.latest)


class _Tally(Protocol):
    def add(self, other: Self, /) -> None: ...


K = TypeVar("K")
T = TypeVar("T", bound=_Tally)


def _add(earlier: dict[K, T], later: dict[K, T]) -> None:
    for key, tally in later.items():
        known = earlier.setdefault(key, tally)
        if known is not tally:
            known.add(tally)
