"""``/admin/``: what happened, what stands how, and what somebody should look after."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from pyproxy.admin.charts.model import Chart
from pyproxy.admin.charts.of_overview import bytes_chart, calls_chart, requests_chart
from pyproxy.admin.dashboard.model import Attention, Disk, Overview, Severity, Target, UpstreamSummary
from pyproxy.admin.dashboard.ranges import TITLES, range_named
from pyproxy.handlers.admin.base import AdminHandler
from pyproxy.handlers.home import HomePage
from pyproxy.handlers.visited import visited_address

MOST_UPSTREAMS = 15
"""How many are listed, those that are asked first; their own page has all."""

MOST_TOLD = 12
"""How many things that need attention are told of, the worst first."""

LONGEST_SENTENCE = 300
"""Characters of it, in which an upstream may have its say."""

_PLACES = {
    "upstreams": ("upstreams", "Upstreams"),
    "storage": ("storage", "Storage"),
    "server": ("settings", "Settings"),
    "activity": ("activity/upstreams?kind=hash+mismatch", "Activity"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What needs attention; ``place`` is the address below ``admin/`` where it is mended, ``label`` its name."""

    severity: Severity
    sentence: str
    place: str
    label: str

    @classmethod
    def of(cls, item: Attention) -> Told:
        """As a sentence that stands for itself."""
        place, label = place_of(item.target)
        text = item.sentence[:LONGEST_SENTENCE] + ("…" if len(item.sentence) > LONGEST_SENTENCE else ".")
        return cls(item.severity, text[:1].upper() + text[1:], place, label)


def place_of(target: Target) -> tuple[str, str]:
    """Where something is mended: an address below ``admin/``, and what to call it."""
    kind, name = target
    return _PLACES[kind] if kind in _PLACES else (f"{kind}s/{quote(name, safe='')}", f"{kind.capitalize()} {name}")


@dataclass(frozen=True, slots=True)
class Room:
    """The bytes that cached files take, and how many they may."""

    taken: int
    limit: int

    @property
    def share(self) -> float:
        """0 to 1."""
        return min(1.0, self.taken / self.limit) if self.limit else 1.0

    @classmethod
    def of(cls, disk: Disk) -> Room | None:
        """Up to ``storage.max_size``, or until no more than ``storage.min_free`` is left, whichever comes first.

        ``None`` where there is no limit and the disk does not tell.
        """
        limits = [] if disk.max_size is None else [disk.max_size]
        if disk.free is not None:
            limits.append(disk.cached + max(0, disk.free - disk.min_free))
        return cls(disk.cached, min(limits)) if limits else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardPage:
    """``overview`` is the read model; ``home`` has the lines to copy while nothing happened here yet."""

    overview: Overview
    home: HomePage

    @property
    def is_new(self) -> bool:
        """Nothing was asked for in the time that is shown, and nothing is kept from before it."""
        overview = self.overview
        return not (overview.totals.requests or overview.totals.calls or overview.disk.cached or overview.projects)

    @property
    def time(self) -> str:
        """The range in words."""
        return TITLES[self.overview.range]

    @property
    def attention(self) -> tuple[Told, ...]:
        """What needs it, the worst first."""
        return tuple(Told.of(item) for item in self.overview.attention[:MOST_TOLD])

    @property
    def charts(self) -> tuple[Chart, Chart, Chart]:
        """The wide one first."""
        return requests_chart(self.overview), bytes_chart(self.overview), calls_chart(self.overview)

    @property
    def upstreams(self) -> tuple[UpstreamSummary, ...]:
        """Those that are listed."""
        return self.overview.upstreams[:MOST_UPSTREAMS]

    @property
    def room(self) -> Room | None:
        """How full the storage is, where that can be said."""
        return Room.of(self.overview.disk)

    @property
    def hit_ratio(self) -> str:
        """In percent; only all of them are 100 %. ``–`` where nothing was to be answered."""
        ratio = self.overview.totals.hit_ratio
        return "–" if ratio is None else f"{int(1000 * ratio) / 10:g} %"

    @property
    def projects_time(self) -> str:
        """The time in which the projects are asked most: they are not kept for longer."""
        return TITLES["30d"] if self.overview.range == "1y" else self.time


class DashboardHandler(AdminHandler):
    """The page."""

    here = "dashboard"

    async def get(self) -> None:
        overview = await self.admin.dashboard.overview(range_named(self.get_query_argument("range", "")))
        home = HomePage.at(visited_address(self), guarded=self.services.readers is not None)
        self.send_admin_page("dashboard.html", DashboardPage(overview=overview, home=home))
