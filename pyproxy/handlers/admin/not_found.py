"""Addresses below ``/admin`` at which there is no page."""

from __future__ import annotations

from pyproxy.handlers.admin.base import AdminHandler
from pyproxy.handlers.admin.forms import Form
from pyproxy.handlers.statuses import Problem

NO_PAGE = Problem(404, "There is no such page", "The dashboard, /admin/, leads to all that there are.")


class AdminNotFoundHandler(AdminHandler):
    """For those who are signed in; others are led to the sign-in page, and learn nothing."""

    changed_by = "viewer"

    async def get(self, *args: str) -> None:
        self.send_problem(NO_PAGE)

    async def submitted(self, form: Form, *args: str) -> None:
        self.send_problem(NO_PAGE)


class AdminSlashHandler(AdminHandler):
    """``/admin`` without its slash."""

    changed_by = "anybody"

    async def get(self) -> None:
        self.see_other("")
