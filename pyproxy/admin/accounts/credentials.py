"""Credentials that come with every request (RFC 7617 Basic, RFC 6750 Bearer), as installers and scripts send them.

A token may stand as Basic's password with any user name, for installers know nothing else. A right password is
remembered in memory for a while: its hash takes a tenth of a second, and an install asks hundreds of times. A wrong one
is remembered too, and counts once: a job with an old password locks nobody out.

Accounts and tokens are looked up at each request, so that one that is removed is of no use at once. That takes
microseconds on the loop, and waits for no page of the administration.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import time
from collections.abc import Callable

from pyproxy.admin.accounts.principal import Principal
from pyproxy.admin.accounts.random_tokens import API_PREFIX, token_hash
from pyproxy.admin.accounts.recollection import Recollection
from pyproxy.admin.accounts.sign_in import SignIn
from pyproxy.errors import NotSignedIn, WrongCredentials
from pyproxy.storage.accounts import Account, AccountStore
from pyproxy.storage.tokens import ApiToken, TokenStore

RIGHT_SECONDS = 12 * 3600.0
"""A right password is known for so long after its last use. Long, because whoever guesses at an account brings its
pauses upon those that have to be checked anew."""

WRONG_SECONDS = 86400.0

USED_EVERY_SECONDS = 60.0
"""How exactly a token's last use is written down."""

HEADER_LIMIT = 4096
"""Characters of an ``Authorization`` header; longer ones are not looked at."""

_BLANK = re.compile(r"[ \t]+")


class Credentials:
    """Who a request comes from.

    ``accounts`` and ``tokens`` are read on the loop. ``clock`` gives unix seconds, ``steady`` is a monotonic clock.
    """

    def __init__(
        self,
        accounts: AccountStore,
        tokens: TokenStore,
        sign_in: SignIn,
        clock: Callable[[], float],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._accounts = accounts
        self._tokens = tokens
        self._sign_in = sign_in
        self._clock = clock
        self._right = Recollection(steady, RIGHT_SECONDS)
        self._wrong = Recollection(steady, WRONG_SECONDS)
        self._checks: dict[tuple[str, str, str, str], asyncio.Task[Account]] = {}
        self._uses: dict[int, float] = {}

    async def principal(self, authorization: str | None, address: str) -> Principal:
        """Whose an ``Authorization`` header is.

        Raises `NotSignedIn` without one, `WrongCredentials`, and `SignInPaused` after too many wrong passwords.
        """
        scheme, value = _parts(authorization)
        match scheme:
            case "bearer":
                return self._of_token(value)
            case "basic":
                name, password = _basic(value)
                if password.startswith(API_PREFIX):
                    return self._of_token(password)
                return await self._of_account(name.strip(), password, address)
            case "":
                raise NotSignedIn("this needs an account or a token")
        raise NotSignedIn("credentials are taken as HTTP Basic or as a Bearer token")

    def _of_token(self, text: str) -> Principal:
        token = self._tokens.find(token_hash(text))
        now = self._clock()
        if token is None or (token.expires_at is not None and token.expires_at <= now):
            raise WrongCredentials("the token is unknown, revoked or expired")
        self._note_use(token, now)
        return Principal(name=token.name, role=token.role, kind="token")

    async def _of_account(self, name: str, password: str, address: str) -> Principal:
        account = self._accounts.find(name)
        # The hash is part of what is remembered, so another password makes it forgotten.
        known = account.password_hash if account is not None else ""
        if account is None or not self._right.has(name, password, known):
            if self._wrong.has(name, password, known):
                raise WrongCredentials("the name or the password is not right")
            account = await self._checked(name, password, known, address)
        return Principal(name=account.name, role=account.role, kind="account")

    async def _checked(self, name: str, password: str, known: str, address: str) -> Account:
        """One check for all that ask the same at once: installers ask over many connections."""
        asked = (name, password, known, address)
        check = self._checks.get(asked)
        if check is None:
            check = asyncio.create_task(self._check(name, password, known, address))
            self._checks[asked] = check
            check.add_done_callback(lambda done: self._ended(asked, done))
        return await asyncio.shield(check)

    async def _check(self, name: str, password: str, known: str, address: str) -> Account:
        try:
            account = await self._sign_in.check(name, password, address, by_program=True)
        except WrongCredentials:
            self._wrong.add(name, password, known)
            raise
        self._right.add(name, password, account.password_hash)
        return account

    def _ended(self, asked: tuple[str, str, str, str], check: asyncio.Task[Account]) -> None:
        del self._checks[asked]
        if not check.cancelled():
            check.exception()  # seen, also where everybody who waited for it has gone

    def _note_use(self, token: ApiToken, now: float) -> None:
        last = max(token.used_at or 0.0, self._uses.get(token.id, 0.0))
        if now - last >= USED_EVERY_SECONDS:
            self._uses[token.id] = now
            self._tokens.used({token.id: now})


def _parts(authorization: str | None) -> tuple[str, str]:
    """The scheme in lower case and the rest; empty where there is none. Raises `WrongCredentials` for endless ones."""
    if len(authorization or "") > HEADER_LIMIT:
        raise WrongCredentials(f"the Authorization header is longer than {HEADER_LIMIT} characters, a fixed limit")
    words = _BLANK.split((authorization or "").strip(), maxsplit=1)
    return (words[0].lower(), words[1]) if len(words) == 2 else ("", "")


def _basic(value: str) -> tuple[str, str]:
    try:
        decoded = base64.b64decode(value.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise WrongCredentials("the credentials are no HTTP Basic (RFC 7617)") from None
    try:
        text = decoded.decode("utf-8")
    except UnicodeDecodeError:
        text = decoded.decode("latin-1")  # as pip encodes them, whatever the challenge says
    name, colon, password = text.partition(":")
    if not colon:
        raise WrongCredentials("the credentials are no HTTP Basic (RFC 7617)")
    return name, password
