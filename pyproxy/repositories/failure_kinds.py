"""One or two words for what went wrong at an upstream, for where a sentence is too long: monitoring, records, tables.

The words are part of what others rely on (alert rules, scripts): they stay as they are.
"""

from __future__ import annotations

from pyproxy.errors import (
    BrokenOff,
    ConnectionBroken,
    HashMismatch,
    UpstreamError,
    UpstreamForbidden,
    UpstreamInvalidResponse,
    UpstreamStatus,
    UpstreamTimeout,
    UpstreamUnreachable,
)

_REFUSED = (401, 403, 407)

KINDS: tuple[tuple[type[UpstreamError], str], ...] = (
    (UpstreamTimeout, "timeout"),
    (ConnectionBroken, "broken connection"),
    (UpstreamUnreachable, "unreachable"),
    (UpstreamStatus, "status"),
    (HashMismatch, "hash mismatch"),
    (BrokenOff, "wrong length"),
    (UpstreamInvalidResponse, "invalid answer"),
    (UpstreamForbidden, "not followed"),
)
"""The narrower error first."""


def failure_kind(error: UpstreamError) -> str:
    """One of `KINDS`, ``credentials refused``, ``rate limit``, or ``other``."""
    if isinstance(error, UpstreamStatus):
        if error.status in _REFUSED:
            return "credentials refused"
        if error.status == 429:
            return "rate limit"
    return next((word for kind, word in KINDS if isinstance(error, kind)), "other")
