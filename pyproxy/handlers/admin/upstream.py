"""``/admin/upstreams/NAME``: one upstream; and ``…/remove``, which says what that means, and asks."""

from __future__ import annotations

from dataclasses import dataclass

from pyproxy.admin.charts.model import Chart
from pyproxy.admin.charts.of_upstreams import upstream_charts
from pyproxy.admin.dashboard.model import UpstreamHistory
from pyproxy.admin.dashboard.ranges import range_named
from pyproxy.admin.upstreams.leaving import remove_in_steps
from pyproxy.admin.upstreams.reports import Loss, Report
from pyproxy.errors import NotAllowed, VersionConflict
from pyproxy.handlers.admin.base import AdminHandler
from pyproxy.handlers.admin.forms import Form
from pyproxy.handlers.admin.upstream_fields import LABEL_OF, NONE
from pyproxy.settings import UpstreamSettings
from pyproxy.settings.texts import as_text

_OWN_LINES = frozenset({"name", "url", "index_path", "active", "password"})
"""Fields that the page shows in its own words."""

SHOWN_CHARACTERS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamPage:
    """``report`` is what is known, ``history`` and ``charts`` how it did over time; ``settings`` are those that are not
    as they are by default: label and text."""

    report: Report
    history: UpstreamHistory
    charts: tuple[Chart, ...]
    settings: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovePage:
    """``loss`` is what goes; ``trouble`` says why it did not go yet."""

    loss: Loss
    trouble: str = ""


class UpstreamHandler(AdminHandler):
    """The page."""

    here = "upstreams"

    async def get(self, name: str) -> None:
        report = await self.admin.desk.run(self.admin.upstream_reports.report, name)
        history = await self.admin.dashboard.upstream(name, range_named(self.get_query_argument("range", "")))
        page = UpstreamPage(
            report=report,
            history=history,
            charts=upstream_charts(history),
            settings=_set(report.upstream.settings),
        )
        self.send_admin_page("upstream.html", page)


class RemoveUpstreamHandler(AdminHandler):
    """The question, and the deed."""

    here = "upstreams"

    async def get(self, name: str) -> None:
        if not self.principal.may_change:
            raise NotAllowed("only an admin may remove upstreams")
        await self._show(name)

    async def submitted(self, form: Form, *args: str) -> None:
        (name,) = args
        try:
            admin, version = self.admin, form.text("version")
            await remove_in_steps(admin.desk, admin.upstreams, name, self.actor, version=version)
        except VersionConflict:
            await self._show(name, "Somebody has changed it meanwhile, so it was not removed. Look at it again.", 409)
            return
        await self.lead_to("upstreams", f"{name} is removed. Its pages are forgotten, its verified files stay.")

    async def _show(self, name: str, trouble: str = "", status: int = 200) -> None:
        loss = await self.admin.desk.run(self.admin.upstream_reports.loss, name)
        self.send_admin_page("upstream_remove.html", RemovePage(loss=loss, trouble=trouble), status)


def _set(settings: UpstreamSettings) -> tuple[tuple[str, str], ...]:
    """What is not as it is by default, in the order of the form."""
    usual = UpstreamSettings(name=settings.name, url=settings.url)
    found = []
    for name, label in LABEL_OF.items():
        value = getattr(settings, name, None)
        if name in _OWN_LINES or value == getattr(usual, name, None):
            continue
        text = {True: "on", False: "off"}[value] if isinstance(value, bool) else as_text(value) or NONE
        found.append((label, text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"))
    return tuple(found)
