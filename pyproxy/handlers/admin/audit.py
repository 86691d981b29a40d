"""``/admin/audit``: who changed what, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from pyproxy.admin.accounts.audit_pages import AuditPage
from pyproxy.handlers.admin.base import AdminHandler

LONGEST = 120
"""Characters of a name that an address takes along; it is looked for as a part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView:
    """One page of the log: ``who``, ``what`` and ``subject`` are parts of what is wanted, ``before`` its beginning."""

    found: AuditPage
    who: str
    what: str
    subject: str
    before: int | None
    now: float

    @property
    def is_filtered(self) -> bool:
        """Whether anything was typed."""
        return bool(self.who or self.what or self.subject)

    def address(self, **changed: str | int | None) -> str:
        """The page with another filter or place, below ``admin/``."""
        values = {"who": self.who, "what": self.what, "subject": self.subject, **changed}
        query = urlencode(
            {name: value[:LONGEST] if isinstance(value, str) else value for name, value in values.items() if value}
        )
        return f"audit?{query}" if query else "audit"


class AuditHandler(AdminHandler):
    """For everybody who is signed in; nothing can be changed here."""

    here = "accounts"

    async def get(self) -> None:
        who, what, subject = (self.typed(name) for name in ("who", "what", "subject"))
        before = self.typed("before")
        place = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
        found = await self.admin.desk.run(
            self.admin.audit_pages.page, before=place, actor=who, action=what, subject=subject
        )
        view = AuditView(found=found, who=who, what=what, subject=subject, before=place, now=self.services.clock())
        self.send_admin_page("audit.html", view)
