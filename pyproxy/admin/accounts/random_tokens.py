"""Random tokens, and the hash under which they are kept.

A token has 256 random bits, so a plain SHA-256 is enough to keep it: there is nothing to guess, unlike with passwords.
"""

from __future__ import annotations

import hashlib
import secrets

TOKEN_BYTES = 32

API_PREFIX = "pyproxy_"
"""Begins every token for scripts: so that scanners for leaked secrets find them, and people know whose it is."""


def new_token(prefix: str = "") -> str:
    """A token that nobody can guess, in URL-safe letters."""
    return prefix + secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """Under which it is kept."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
