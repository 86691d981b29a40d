"""Accounts and tokens of those who install, and what they send."""

from __future__ import annotations

import base64

from pyproxy.admin.accounts.tokens import TokenChanges
from pyproxy.storage.audit import Actor, AuditLog
from pyproxy.storage.tokens import TokenRole, TokenStore
from tests.http.administration import database_of
from tests.http.proxy import Proxy

ADA = Actor(name="ada", origin="page")


def add_token(proxy: Proxy, name: str = "ci", role: TokenRole = "read", lifetime: float | None = None) -> str:
    """A token, made beside the server as the command does it."""
    with database_of(proxy) as database:
        changes = TokenChanges(TokenStore(database), AuditLog(database, proxy.clock), proxy.clock)
        return changes.make(name, role, lifetime, ADA).text


def revoke_token(proxy: Proxy, name: str = "ci") -> None:
    """The same token, of no use any more."""
    with database_of(proxy) as database:
        TokenChanges(TokenStore(database), AuditLog(database, proxy.clock), proxy.clock).revoke(name, ADA)


def basic(name: str, password: str) -> dict[str, str]:
    """The header of HTTP Basic (RFC 7617)."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    """The header of a Bearer token (RFC 6750)."""
    return {"Authorization": f"Bearer {token}"}
