"""What the pages tell of upstreams: all in a line each, one of them in full, and what would go with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyproxy.admin.dashboard.dashboard import standing_of
from pyproxy.admin.dashboard.model import UpstreamSummary
from pyproxy.admin.dashboard.upstreams import summaries
from pyproxy.admin.upstreams.upstreams import Upstreams
from pyproxy.errors import NotAnswered, ProjectNotFound
from pyproxy.repositories.admission import admitted
from pyproxy.settings import warnings
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.patterns import normalize_pattern
from pyproxy.storage.database import Database
from pyproxy.storage.failures import Failure, FailureStore
from pyproxy.storage.inventory import Inventory, UpstreamTotals
from pyproxy.storage.pages import PageStore
from pyproxy.storage.upstreams import StoredUpstream

SHOWN_FAILURES = 20
SHOWN_PROJECTS = 50
SHOWN_LOSSES = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One upstream in the list: how it stands, without what was counted; sentences about dangerous settings."""

    upstream: StoredUpstream
    summary: UpstreamSummary
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """All upstreams in the order in which they are asked; ``order`` is its version, ``now`` is in unix seconds."""

    lines: tuple[Line, ...]
    order: str
    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One upstream in full. ``failures`` are the newest ones, also those that are over; ``projects`` the names of some
    of the pages that are kept of it."""

    upstream: StoredUpstream
    warnings: tuple[str, ...]
    totals: UpstreamTotals
    failures: tuple[Failure, ...]
    projects: tuple[NormalizedName, ...]
    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What it means to remove an upstream.

    ``names`` are some of the projects that it has pages of, each with the upstream that would be asked first instead,
    or ``None``. ``others`` are the upstreams that stay switched on and are asked for any name. ``released`` are its
    patterns that are not another one's, too: their names are reserved for nobody any more.
    """

    upstream: StoredUpstream
    totals: UpstreamTotals
    names: tuple[tuple[NormalizedName, str | None], ...]
    others: tuple[str, ...]
    released: tuple[str, ...]


class UpstreamReports:
    """Belongs to one thread; ``clock`` gives unix seconds. Raises `UnknownUpstream` and `StorageError`."""

    def __init__(
        self,
        upstreams: Upstreams,
        *,
        failures: FailureStore,
        pages: PageStore,
        database: Database,
        clock: Callable[[], float],
    ) -> None:
        self._upstreams = upstreams
        self._failures = failures
        self._pages = pages
        self._database = database
        self._clock = clock

    def lines(self) -> Lines:
        """The list."""
        listed = self._upstreams.list()
        standing = standing_of(self._database, self._failures.rests())
        found = summaries(listed.upstreams, standing, [], [], {})
        lines = [
            Line(upstream, summary, tuple(warnings(upstream.settings)))
            for upstream, summary in zip(listed.upstreams, found, strict=True)
        ]
        return Lines(tuple(lines), listed.order, self._clock())

    def report(self, name: str) -> Report:
        """One of them; `Dashboard.upstream` tells what happened over time."""
        stored = self._upstreams.get(name)
        return Report(
            upstream=stored,
            warnings=tuple(warnings(stored.settings)),
            totals=self._totals(name),
            failures=tuple(self._failures.of_upstream(stored.id, SHOWN_FAILURES)),
            projects=tuple(sorted(self._pages.projects_of(stored.key, SHOWN_PROJECTS))),
            now=self._clock(),
        )

    def loss(self, name: str) -> Loss:
        """What would go with it."""
        stored = self._upstreams.get(name)
        others = [each for each in self._upstreams.list().upstreams if each.id != stored.id]
        projects = sorted(self._pages.projects_of(stored.key, SHOWN_LOSSES))
        return Loss(
            upstream=stored,
            totals=self._totals(name),
            names=tuple((project, _next(others, project)) for project in projects),
            others=tuple(
                each.settings.name for each in others if each.settings.active and not each.settings.projects
            ),
            released=_released(stored, others),
        )

    def _totals(self, name: str) -> UpstreamTotals:
        return next(totals for totals in Inventory(self._database).by_upstream() if totals.upstream == name)


def _next(others: list[StoredUpstream], project: NormalizedName) -> str | None:
    """Who would be asked first for a project."""
    try:
        return admitted(others, project)[0].settings.name
    except (NotAnswered, ProjectNotFound):
        return None


def _released(stored: StoredUpstream, others: list[StoredUpstream]) -> tuple[str, ...]:
    still = {normalize_pattern(pattern) for other in others for pattern in other.settings.projects}
    return tuple(pattern for pattern in stored.settings.projects if normalize_pattern(pattern) not in still)
