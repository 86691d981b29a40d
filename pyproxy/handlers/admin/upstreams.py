"""``/admin/upstreams``: the list in the order in which upstreams are asked, and the buttons in it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from pyproxy.admin.upstreams.reports import Lines
from pyproxy.errors import ConfigurationError, VersionConflict
from pyproxy.handlers.admin.base import AdminHandler
from pyproxy.handlers.admin.forms import Form
from pyproxy.handlers.admin.sign_in import sentence
from pyproxy.settings import Text, priority_of

SHOWN_PATTERNS = 3
"""How many patterns of project names stand in a line."""

SHOWN_CHARACTERS = 200
"""Of an address in the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamsPage:
    """``trouble`` says why something was not done."""

    list: Lines
    trouble: str = ""

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
        await self.show()

    async def show(self, trouble: str = "", status: int = 200) -> None:
        """The list as it is now."""
        lines = await self.admin.desk.run(self.admin.upstream_reports.lines)
        self.send_admin_page("upstreams.html", UpstreamsPage(list=lines, trouble=trouble), status)


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
            await self.show(trouble, 409)
            return
        except ConfigurationError as error:
            await self.show(f"Nothing was moved. {sentence(error)}", 422)
            return
        await self.lead_to(f"upstreams#upstream-{name}", f"{name} is at position {moved.priority}.")


class SwitchUpstreamHandler(UpstreamsHandler):
    """``…/NAME/switch``: on or off; in the list, and on the upstream's own page."""

    async def get(self, name: str = "") -> None:
        self.see_other("upstreams")

    async def submitted(self, form: Form, *args: str) -> None:
        (name,) = args
        active = form.text("active") == "yes"
        await self.admin.desk.run(self.admin.upstreams.switch, name, self.actor, active=active)
        meaning = "on: it is asked again" if active else "off: it is not asked, its verified files stay"
        place = f"upstreams/{quote(name)}" if form.has("own") else f"upstreams#upstream-{name}"
        await self.lead_to(place, f"{name} is switched {meaning}.")
