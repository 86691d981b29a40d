"""``/admin/upstreams``: the list in the order in which upstreams are asked, and the buttons in it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from pyproxy.admin.upstreams.reports import Line, Lines
from pyproxy.admin.upstreams.upstreams import StoredUpstream
from pyproxy.errors import ConfigurationError, VersionConflict
from pyproxy.handlers.admin.base import AdminHandler
from pyproxy.handlers.admin.forms import Form
from pyproxy.handlers.admin.sign_in import sentence
from pyproxy.settings import Text, priority_of

SHOWN_PATTERNS = 3
"""How many patterns of project names stand in a line."""

SHOWN_CHARACTERS = 200
"""Of an address in the list."""

SHOWN_LINES = 30
"""Upstreams in one page; hardly anybody has a second one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamsPage:
    """``first`` is the position of the first upstream that is shown; ``trouble`` says why something was not done."""

    list: Lines
    first: int = 1
    trouble: str = ""

    @property
    def shown(self) -> tuple[Line, ...]:
        """The part of the list."""
        return self.list.lines[self.first - 1 : self.first - 1 + SHOWN_LINES]

    @property
    def earlier(self) -> int | None:
        """Where the page before this one begins."""
        return self.first - SHOWN_LINES if self.first > 1 else None

    @property
    def later(self) -> int | None:
        """Where the next one begins."""
        following = self.first + SHOWN_LINES
        return following if following <= len(self.list.lines) else None

    @staticmethod
    def short(patterns: tuple[str, ...]) -> str:
        """The first patterns of many."""
        shown = ", ".join(pattern[:80] for pattern in patterns[:SHOWN_PATTERNS])
        more = len(patterns) - SHOWN_PATTERNS
        return f"{shown} and {more:,} more" if more > 0 else shown

    @staticmethod
    def clipped(text: str) -> str:
        """An address of a length that a page can show."""
        return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


class UpstreamsHandler(AdminHandler):
    """The list."""

    here = "upstreams"

    async def get(self) -> None:
        given = self.get_query_argument("from", "1")
        await self.show(int(given) if given.isascii() and given.isdecimal() and len(given) < 7 else 1)

    async def show(self, position: int, trouble: str = "", status: int = 200) -> None:
        """The part of the list that has a position, as it is now."""
        lines = await self.admin.desk.run(self.admin.upstream_reports.lines)
        first = first_beside(min(max(position, 1), max(len(lines.lines), 1)))
        self.send_admin_page("upstreams.html", UpstreamsPage(list=lines, first=first, trouble=trouble), status)


class MoveUpstreamHandler(UpstreamsHandler):
    """``…/NAME/move``: another place in the order that the page showed."""

    async def get(self, name: str = "") -> None:
        self.see_other("upstreams")

    async def submitted(self, form: Form, *args: str) -> None:
        (name,) = args
        try:
            position = priority_of({"priority": Text(form.text("position"))})
            if position is None:
                raise ConfigurationError("no position was given", suggestion="reload the page, and try again")
            moved = await self.admin.desk.run(
                self.admin.upstreams.move, name, position, self.actor, order=form.text("order") or None
            )
        except VersionConflict:
            trouble = f"Somebody has changed the order meanwhile, so {name} was not moved. This is the present order."
            await self.show(position or 1, trouble, 409)
            return
        except ConfigurationError as error:
            await self.show(1, f"Nothing was moved. {sentence(error)}", 422)
            return
        await self.lead_to(place_of(moved), f"{name} is at position {moved.priority}.")


class SwitchUpstreamHandler(UpstreamsHandler):
    """``…/NAME/switch``: on or off; in the list, and on the upstream's own page."""

    async def get(self, name: str = "") -> None:
        self.see_other("upstreams")

    async def submitted(self, form: Form, *args: str) -> None:
        (name,) = args
        active = form.text("active") == "yes"
        switched = await self.admin.desk.run(self.admin.upstreams.switch, name, self.actor, active=active)
        meaning = "on: it is asked again" if active else "off: it is not asked, its verified files stay"
        place = f"upstreams/{quote(name)}" if form.has("own") else place_of(switched)
        await self.lead_to(place, f"{name} is switched {meaning}.")


def first_beside(position: int) -> int:
    """Where the part of the list begins that has a position."""
    return position - (position - 1) % SHOWN_LINES


def place_of(upstream: StoredUpstream) -> str:
    """The address of an upstream in the list, below ``admin/``."""
    first = first_beside(upstream.priority)
    return f"upstreams{f'?from={first}' if first > 1 else ''}#upstream-{upstream.settings.name}"
