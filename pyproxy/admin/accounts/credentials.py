"""Credentials that come with every request (RFC 7617 Basic, RFC 6750 Bearer), as installers and scripts send them.

A token may stand as Basic's password with any user name, for installers know nothing else. A right password is
remembered in memory for a while, under a key of this process alone: its hash takes 50 ms, and an install asks hundreds
of times. A wrong one is remembered too, and counts once: a CI job with an old password locks nobody out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

from pyproxy.admin.accounts.principal import Principal
from pyproxy.admin.accounts.random_tokens import API_PREFIX, token_hash
from pyproxy.admin.accounts.sign_in import SignIn
from pyproxy.admin.desk import Desk
from pyproxy.errors import NotSignedIn, WrongCredentials
from pyproxy.storage.accounts import AccountStore
from pyproxy.storage.tokens import ApiToken, TokenStore

REMEMBERED = 1000
"""Names with passwords that are remembered, right and wrong ones apart."""

REMEMBERED_SECONDS = 300.0

USED_EVERY_SECONDS = 60.0
"""How exactly a token's last use is written down."""

HEADER_LIMIT = 4096
"""Characters of an ``Authorization`` header; longer ones are not looked at."""


class Credentials:
    """Who a request comes from; ``clock`` gives unix seconds. The stores are asked on the desk's thread."""

    def __init__(
        self,
        accounts: AccountStore,
        tokens: TokenStore,
        sign_in: SignIn,
        desk: Desk,
        clock: Callable[[], float],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._accounts = accounts
        self._tokens = tokens
        self._sign_in = sign_in
        self._desk = desk
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._right = _Memory(steady)
        self._wrong = _Memory(steady)
        self._uses: dict[int, float] = {}

    async def principal(self, authorization: str | None, address: str) -> Principal:
        """Whose an ``Authorization`` header is.

        Raises `NotSignedIn` without one, `WrongCredentials`, and `SignInPaused` after too many wrong passwords.
        """
        scheme, _, value = (authorization or "").strip().partition(" ")
        if not value.strip() or len(value) > HEADER_LIMIT:
            raise NotSignedIn("this needs an account or a token")
        match scheme.lower():
            case "bearer":
                return await self._of_token(value.strip())
            case "basic":
                name, password = _basic(value.strip())
                if password.startswith(API_PREFIX):
                    return await self._of_token(password)
                return await self._of_account(name, password, address)
        raise NotSignedIn("credentials are taken as HTTP Basic or as a Bearer token")

    async def _of_token(self, text: str) -> Principal:
        token = await self._desk.run(self._tokens.find, token_hash(text))
        now = self._clock()
        if token is None or (token.expires_at is not None and token.expires_at <= now):
            raise WrongCredentials("the token is unknown, revoked or expired")
        self._note_use(token, now)
        return Principal(name=token.name, role=token.role, kind="token")

    async def _of_account(self, name: str, password: str, address: str) -> Principal:
        account = await self._desk.run(self._accounts.find, name.strip())
        # The hash is part of what is remembered, so another password makes it forgotten.
        known = account.password_hash if account is not None else ""
        seen = hmac.digest(self._key, f"{name}\0{password}\0{known}".encode("utf-8", "replace"), hashlib.sha256)
        if self._wrong.has(seen):
            raise WrongCredentials("the name or the password is not right")
        if account is None or not self._right.has(seen):
            try:
                account = await self._sign_in.check(name, password, address)
            except WrongCredentials:
                self._wrong.add(seen)
                raise
            self._right.add(seen)
        return Principal(name=account.name, role=account.role, kind="account")

    def _note_use(self, token: ApiToken, now: float) -> None:
        last = max(token.used_at or 0.0, self._uses.get(token.id, 0.0))
        if now - last >= USED_EVERY_SECONDS:
            self._uses[token.id] = now
            self._tokens.used({token.id: now})


class _Memory:
    """What was seen not long ago, bounded."""

    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady = steady
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def has(self, key: bytes) -> bool:
        until = self._until.get(key)
        return until is not None and until > self._steady()

    def add(self, key: bytes) -> None:
        self._until[key] = self._steady() + REMEMBERED_SECONDS
        self._until.move_to_end(key)
        while len(self._until) > REMEMBERED:
            self._until.popitem(last=False)


def _basic(value: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise WrongCredentials("the credentials are no HTTP Basic (RFC 7617)") from None
    name, colon, password = text.partition(":")
    if not colon:
        raise WrongCredentials("the credentials are no HTTP Basic (RFC 7617)")
    return name, password
