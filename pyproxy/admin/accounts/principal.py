"""Who is asking, once their credentials were checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pyproxy.storage.audit import Actor as Actor  # the types, for handlers
from pyproxy.storage.audit import Change as Change
from pyproxy.storage.audit import Origin
from pyproxy.storage.tokens import TokenRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """An account or a token, by its name."""

    name: str
    role: TokenRole
    kind: Literal["account", "token"]

    @property
    def may_change(self) -> bool:
        """Whether it may change things."""
        return self.role == "admin"

    @property
    def may_see(self) -> bool:
        """Whether it may see the administration."""
        return self.role in ("admin", "viewer")

    def actor(self, origin: Origin, address: str) -> Actor:
        """As the audit log calls it."""
        name = self.name if self.kind == "account" else f"token {self.name}"
        return Actor(name=name, origin=origin, address=address)
