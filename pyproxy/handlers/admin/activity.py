"""``/admin/activity``: the recent requests of clients, and those to upstreams at ``/admin/activity/upstreams``.

Below each of them, ``rows`` gives what came after an id, for a page that brings itself up to date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import ClassVar, Generic, TypeVar
from urllib.parse import urlencode

from pyproxy.admin.activity.activity import ROWS, ActivityPage, ClientRequest, Place, UpstreamRequest
from pyproxy.admin.activity.filters import CallFilter, ClientFilter
from pyproxy.handlers.admin.activity_words import (
    KINDS,
    LOOKS,
    OUTCOMES,
    RESULTS,
    ROUTES,
    Choices,
    explained,
    named,
    plain,
)
from pyproxy.handlers.admin.base import AdminHandler

SHOWN_ROWS = 40
"""Rows on a page."""

OFFERED_UPSTREAMS = 30
"""Upstreams to choose from, those that are asked first; an address can name any."""

FAILURES = "failures"
"""The box to tick, and its name in addresses."""

F = TypeVar("F", bound=ClientFilter | CallFilter)
R = TypeVar("R", bound=ClientRequest | UpstreamRequest)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityView(Generic[F, R]):
    """One page of requests: ``wanted`` is the filter, ``found`` what it leaves, ``view`` this page below ``admin/``.

    ``is_newest``: it begins with the newest request. ``choices`` are those of the fields of the filter that have some.
    """

    view: str
    wanted: F
    found: ActivityPage[R]
    is_newest: bool
    now: float
    choices: dict[str, Choices]

    @property
    def root(self) -> str:
        """The way from the page, in which its rows may come to stand later, to the server's root."""
        return "../" * (self.view.count("/") + 1)

    @property
    def looks(self) -> Mapping[str, str]:
        """Outcome or result → class of its badge."""
        return LOOKS

    @property
    def routes(self) -> Mapping[str, str]:
        """What is asked for → its name."""
        return ROUTES

    @property
    def kept(self) -> int:
        """Rows that are kept at most."""
        return ROWS

    @property
    def is_filtered(self) -> bool:
        """Whether anything is chosen or typed."""
        return any(asdict(self.wanted).values())

    def address(self, **place: int) -> str:
        """The same filter at another place, below ``admin/``."""
        query = self._query(**place)
        return f"{self.view}?{query}" if query else self.view

    @property
    def rows_address(self) -> str:
        """Where what comes later is, as soon as ``after=ID`` is added."""
        query = self._query()
        return f"{self.view}/rows?{query}&" if query else f"{self.view}/rows?"

    def _query(self, **place: int) -> str:
        values = {name: value for name, value in asdict(self.wanted).items() if value}
        if values.pop("failures_only", False):
            values[FAILURES] = "on"
        return urlencode({**values, **place})


class _ActivityHandler(AdminHandler):
    """What both pages share: filters and places as they stand in the address."""

    here = "activity"

    template: ClassVar[str] = "activity.html"

    @property
    def place(self) -> Place:
        """Which rows are wanted; what is no number is no place."""
        before, after = self._id("before"), self._id("after")
        if before is not None:
            return Place(before=before, limit=SHOWN_ROWS)
        return Place(after=after, nearest=after is not None, limit=SHOWN_ROWS)

    @property
    def failures_only(self) -> bool:
        """Whether the box is ticked."""
        return bool(self.typed(FAILURES))

    async def upstream_names(self) -> list[str]:
        """To choose from."""
        listed = await self.admin.desk.run(self.admin.upstreams.list)
        return [each.settings.name for each in listed.upstreams[:OFFERED_UPSTREAMS]]

    def _id(self, name: str) -> int | None:
        text = self.get_query_argument(name, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


class ClientActivityHandler(_ActivityHandler):
    """What clients asked for."""

    async def get(self) -> None:
        wanted = ClientFilter(
            client=self.typed("client"),
            agent=self.typed("agent"),
            project=self.typed("project"),
            outcome=self.typed("outcome"),
            route=self.typed("route"),
            upstream=self.typed("upstream"),
            failures_only=self.failures_only,
        )
        place = self.place
        view = ActivityView(
            view="activity",
            wanted=wanted,
            found=await self.admin.activity.clients(wanted, place),
            is_newest=place.before is None and place.after is None,
            now=self.services.clock(),
            choices={
                "outcome": explained(OUTCOMES),
                "route": named(ROUTES),
                "upstream": plain(await self.upstream_names(), wanted.upstream),
            },
        )
        self.send_admin_page(self.template, view)


class UpstreamActivityHandler(_ActivityHandler):
    """What upstreams were asked."""

    async def get(self) -> None:
        wanted = CallFilter(
            upstream=self.typed("upstream"),
            project=self.typed("project"),
            result=self.typed("result"),
            kind=self.typed("kind"),
            route=self.typed("route"),
            failures_only=self.failures_only,
        )
        place = self.place
        view = ActivityView(
            view="activity/upstreams",
            wanted=wanted,
            found=await self.admin.activity.calls(wanted, place),
            is_newest=place.before is None and place.after is None,
            now=self.services.clock(),
            choices={
                "result": explained(RESULTS),
                "kind": plain(KINDS, wanted.kind),
                "route": named(ROUTES),
                "upstream": plain(await self.upstream_names(), wanted.upstream),
            },
        )
        self.send_admin_page(self.template, view)


class ClientRowsHandler(ClientActivityHandler):
    """Their newest rows."""

    template = "activity_rows.html"

    @property
    def place(self) -> Place:
        """The newest, though there may be more than have room."""
        return Place(after=self._id("after"), limit=SHOWN_ROWS)


class UpstreamRowsHandler(UpstreamActivityHandler):
    """Their newest rows."""

    template = "activity_rows.html"

    @property
    def place(self) -> Place:
        """The newest, though there may be more than have room."""
        return Place(after=self._id("after"), limit=SHOWN_ROWS)
