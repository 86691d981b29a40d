"""Passwords: what they must be, and their argon2id hashes (RFC 9106).

A hash takes 64 MiB and some 50 ms on purpose, so one thread makes them, one after the other: whoever floods the sign-in
page waits in a queue, and nobody else does.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pyproxy.admin.desk import Desk
from pyproxy.errors import ConfigurationError

SHORTEST = 10
"""Characters (NIST SP 800-63B asks for length, and for no mixture of kinds)."""

LONGEST_BYTES = 1024
"""Nobody types more, and what is hashed is bounded."""


def check_password(password: str, name: str = "") -> str:
    """The password, if it may be one. Raises `ConfigurationError`."""
    if len(password) < SHORTEST:
        raise ConfigurationError(
            "is too short", key="password", suggestion=f"use at least {SHORTEST} characters, such as four words"
        )
    if len(password.encode("utf-8", "replace")) > LONGEST_BYTES:
        raise ConfigurationError("is too long", key="password", suggestion=f"use at most {LONGEST_BYTES} bytes")
    if name and name.lower() in password.lower() and len(password) < SHORTEST + len(name):
        raise ConfigurationError("is little more than the name", key="password", suggestion="use something else")
    return password


class Passwords:
    """Hashes and compares passwords on a thread of its own; ``desk`` is that thread."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._hasher = PasswordHasher()
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """The hash of a new password, with a random salt, as argon2 writes it."""
        return await self._desk.run(self.hash_now, password)

    async def fits(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is the hashed one; without a hash it takes as long, and it is not."""
        return await self._desk.run(self._fits, password, password_hash)

    def hash_now(self, password: str) -> str:
        """`hash` for commands, which have nothing else to do."""
        return self._hasher.hash(password.encode("utf-8", "replace"))

    def _fits(self, password: str, password_hash: str | None) -> bool:
        if password_hash is None and self._nobodys is None:
            self._nobodys = self.hash_now("nobody's")
        try:
            self._hasher.verify(password_hash or self._nobodys or "", password.encode("utf-8", "replace"))
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None
