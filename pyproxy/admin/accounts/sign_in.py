"""Signing in with a name and a password: compared in the same time whether the account exists or not."""

from __future__ import annotations

from pyproxy.admin.accounts.passwords import Passwords
from pyproxy.admin.accounts.throttle import Throttle
from pyproxy.admin.desk import Desk
from pyproxy.errors import WrongCredentials
from pyproxy.storage.accounts import Account, AccountStore

NAME_LIMIT = 64


class SignIn:
    """Checks credentials; ``desk`` is the administration's thread, to which the stores belong."""

    def __init__(self, accounts: AccountStore, passwords: Passwords, throttle: Throttle, desk: Desk) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._throttle = throttle
        self._desk = desk

    async def check(self, name: str, password: str, address: str) -> Account:
        """The account. Raises `WrongCredentials`, and `SignInPaused` after too many of them."""
        name = name.strip()
        await self._desk.run(self._throttle.admit, name, address)
        account = await self._desk.run(self._accounts.find, name) if len(name) <= NAME_LIMIT else None
        fits = await self._passwords.fits(password, account.password_hash if account is not None else None)
        if account is None or not fits:
            await self._desk.run(self._throttle.failed, name, address)
            raise WrongCredentials("the name or the password is not right")
        await self._desk.run(self._throttle.succeeded, name)
        return account
