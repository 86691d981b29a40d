"""What every page of the administration has around its content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Place = Literal["dashboard", "upstreams", "projects", "storage", "activity", "settings", "accounts", "account", ""]
"""The sections of the menu; empty for pages outside of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Given to ``admin/base.html`` as ``frame``.

    ``here`` is the section that the page belongs to, ``name`` and ``role`` whose page it is (empty before signing in),
    ``xsrf`` the token that each form sends back, ``notice`` what the last action did, said once, ``back`` the page's
    own address below ``admin/``, to which a form may lead back.
    """

    here: Place
    name: str
    role: str
    xsrf: str
    notice: str | None
    back: str
    version: str

    @property
    def may_change(self) -> bool:
        """Whether this person may change things."""
        return self.role == "admin"
