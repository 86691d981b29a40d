"""Passwords: what they must be, and their argon2id hashes (RFC 9106).

A hash takes 64 MiB and a tenth of a second on purpose, so one thread makes them, one after the other: whoever floods
the sign-in page waits in a queue, and nobody else does.
"""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pyproxy.admin.accounts.random_tokens import API_PREFIX, new_token
from pyproxy.admin.desk import Desk
from pyproxy.errors import ConfigurationError

SHORTEST = 10
"""Characters (NIST SP 800-63B asks for length, and for no mixture of kinds)."""

LONGEST_BYTES = 1024
"""Nobody types more, and what is hashed is bounded."""

FEWEST_DIFFERENT = 4
"""Characters; with fewer, length is of no use."""


def check_password(password: str, name: str = "") -> str:
    """The password, if it may be one. Raises `ConfigurationError`."""
    if len(password) < SHORTEST:
        raise ConfigurationError(
            "is too short", key="password", suggestion=f"use at least {SHORTEST} characters, such as four words"
        )
    if not _is_text(password):
        raise ConfigurationError("is no text", key="password", suggestion="write it in UTF-8")
    if len(_bytes(password)) > LONGEST_BYTES:
        raise ConfigurationError("is too long", key="password", suggestion=f"use at most {LONGEST_BYTES} bytes")
    if len(set(password)) < FEWEST_DIFFERENT:
        raise ConfigurationError(
            "is too simple", key="password", suggestion=f"use at least {FEWEST_DIFFERENT} different characters"
        )
    if password.startswith(API_PREFIX):
        raise ConfigurationError(
            "begins as tokens do", key="password", suggestion=f"begin it with something else than {API_PREFIX}"
        )
    if name and name.lower() in password.lower() and len(password) < SHORTEST + len(name):
        raise ConfigurationError("is little more than the name", key="password", suggestion="use something else")
    return password


class Passwords:
    """Hashes and compares passwords; ``desk`` is the thread on which a server does it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._hasher = PasswordHasher()
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """The hash of a new password, with a random salt, as argon2 writes it."""
        return await self._desk.run(self.hash_now, password)

    def hash_now(self, password: str) -> str:
        """`hash` for commands, which have nothing else to do."""
        return self._hasher.hash(_bytes(password))

    def fits_now(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is the hashed one; without a hash it takes as long, and it is not."""
        if self._nobodys is None:
            self._nobodys = self.hash_now(new_token())
        try:
            self._hasher.verify(self._nobodys if password_hash is None else password_hash, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None


def _bytes(password: str) -> bytes:
    """As it is hashed: composed, for keyboards write the same letter in two ways (RFC 8265 section 4.2)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "replace")


def _is_text(password: str) -> bool:
    """Whether it holds nothing that is left of bytes that were no text, as terminals of other encodings send them."""
    return not any("\ud800" <= letter <= "\udfff" for letter in password)
