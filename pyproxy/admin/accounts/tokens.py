"""Tokens for scripts and installers: made, shown once, and revoked, each with its line in the audit log.

Synchronous: for the administration's thread and for commands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pyproxy.admin.accounts.names import check_name
from pyproxy.admin.accounts.principal import Actor
from pyproxy.admin.accounts.random_tokens import API_PREFIX, new_token, token_hash
from pyproxy.admin.amounts import iso
from pyproxy.errors import ConfigurationError
from pyproxy.settings.quantities import parse_duration
from pyproxy.storage.audit import AuditLog, Change
from pyproxy.storage.tokens import ApiToken as ApiToken  # the type, for handlers
from pyproxy.storage.tokens import TokenRole as TokenRole
from pyproxy.storage.tokens import TokenStore

TOKEN_ROLES: tuple[TokenRole, ...] = ("read", "viewer", "admin")


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was made just now; ``text`` is the token itself, which is kept nowhere."""

    token: ApiToken
    text: str = field(repr=False)


class TokenChanges:
    """Makes and revokes them; ``clock`` gives unix seconds."""

    def __init__(self, store: TokenStore, audit: AuditLog, clock: Callable[[], float]) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock

    def make(self, name: str, role: TokenRole, lifetime: float | None, actor: Actor) -> NewToken:
        """A new one, good for ``lifetime`` seconds. Raises `ConfigurationError`, `NameTaken` among it."""
        name, text, now = check_name(name), new_token(API_PREFIX), self._clock()
        expires_at = None if lifetime is None else now + lifetime
        changes = (Change("role", None, role), Change("expires", None, _date(expires_at)))
        token = self._store.add(
            name,
            role,
            token_hash(text),
            now=now,
            created_by=actor.name if actor.origin != "command" else f"{actor.name} (command)",
            expires_at=expires_at,
            witness=self._audit.witness(actor, "added", f"token {name}", changes),
        )
        return NewToken(token, text)

    def revoke(self, name: str, actor: Actor) -> None:
        """Of no use from now on. Raises `NameUnknown`."""
        self._store.remove(name, self._audit.witness(actor, "revoked", f"token {name}"))


def token_role(text: str) -> TokenRole:
    """A token's role as it was typed. Raises `ConfigurationError`."""
    for role in TOKEN_ROLES:
        if text.strip() == role:
            return role
    raise ConfigurationError("is no role", key="role", suggestion="use read, viewer or admin")


def token_lifetime(text: str) -> float | None:
    """Seconds of a lifetime as it was typed, ``None`` for an empty text: for ever. Raises `ConfigurationError`."""
    if not text.strip():
        return None
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise ConfigurationError(str(error), key="expires", suggestion="write it like 90d or 12h") from None
    if seconds <= 0:
        raise ConfigurationError("is over at once", key="expires", suggestion="write it like 90d or 12h")
    return seconds


def _date(at: float | None) -> str:
    return "never" if at is None else iso(at)
