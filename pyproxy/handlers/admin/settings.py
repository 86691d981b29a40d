"""``/admin/settings``: what holds, where it comes from, and a copy of it. Changed in the file, not here."""

from __future__ import annotations

from dataclasses import dataclass

from pyproxy.admin.settings.overview import SettingsOverview
from pyproxy.handlers.admin.base import AdminHandler

LONGEST_SHOWN = 12_000
"""Characters of the copy that the page shows; the file has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsPage:
    """``overview`` is the read model, ``copy`` the beginning of the copied configuration, ``whole``: all of it."""

    overview: SettingsOverview
    copy: str
    whole: bool


class SettingsHandler(AdminHandler):
    """The page."""

    here = "settings"

    async def get(self) -> None:
        page = await self.admin.desk.run(self._page)
        self.send_admin_page("settings.html", page)

    def _page(self) -> SettingsPage:
        copy = self.admin.settings.copy()
        return SettingsPage(
            overview=self.admin.settings.overview(), copy=copy[:LONGEST_SHOWN], whole=len(copy) <= LONGEST_SHOWN
        )


class SettingsCopyHandler(AdminHandler):
    """The copy as a file."""

    here = "settings"

    async def get(self) -> None:
        copy = await self.admin.desk.run(self.admin.settings.copy)
        self.set_header("Content-Type", "text/yaml; charset=utf-8")
        self.set_header("Content-Disposition", 'attachment; filename="pyproxy.yaml"')
        self.set_header("Cache-Control", "no-store")
        self.finish(copy.encode())
