"""Signing in with a name and a password: compared in the same time whether the account exists or not.

One thread does it, one after the other, from the look at the pauses to the count of the failure: however many tries
come at once, none slips past the count of those before it.
"""

from __future__ import annotations

import logging

from pyproxy.admin.accounts.passwords import Passwords
from pyproxy.admin.accounts.throttle import Throttle
from pyproxy.admin.desk import Desk
from pyproxy.errors import SignInPaused, WrongCredentials
from pyproxy.storage.accounts import Account, AccountStore

log = logging.getLogger(__name__)

NAME_LIMIT = 64

WAITING_LIMIT = 40
"""Tries that may wait for the thread; with more, guessers alone would be served."""

BUSY_SECONDS = 2.0
"""When to come again, where that many wait."""


class SignIn:
    """Checks names and passwords.

    ``accounts`` are read on the loop; ``throttle`` and ``passwords`` belong to the thread of ``desk``, which has
    nothing else to do.
    """

    def __init__(self, accounts: AccountStore, passwords: Passwords, throttle: Throttle, desk: Desk) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._throttle = throttle
        self._desk = desk
        self._waiting = 0

    async def check(self, name: str, password: str, address: str, *, by_program: bool = False) -> Account:
        """The account. Raises `WrongCredentials`, and `SignInPaused` after too many of them.

        ``by_program``: the same password once more is no guess, and is not counted.
        """
        name = name.strip()
        account = self._accounts.find(name) if len(name) <= NAME_LIMIT else None
        if self._waiting >= WAITING_LIMIT:
            limit = f"{WAITING_LIMIT} wait already, a fixed limit."
            raise SignInPaused(BUSY_SECONDS, "too many sign-ins at once", limit)
        self._waiting += 1
        try:
            fits = await self._desk.run(self._try, name, password, account, address, by_program)
        finally:
            self._waiting -= 1
        if account is None or not fits:
            raise WrongCredentials("the name or the password is not right")
        return account

    def _try(self, name: str, password: str, account: Account | None, address: str, by_program: bool) -> bool:
        self._throttle.admit(name, address)
        if self._passwords.fits_now(password, account.password_hash if account is not None else None):
            self._throttle.succeeded(name, address)
            return True
        self._throttle.failed(name, address, password, again_counts=not by_program)
        # Not the name as it was typed: people type passwords there.
        who = account.name if account is not None else "somebody unknown"
        log.warning("a sign-in as %s from %s failed", who, address)
        return False
