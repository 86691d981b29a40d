"""What an upstream says of its own answer, where it is a proxy as well: whether it is stale, and why it has failed."""

from __future__ import annotations

import re

import msgspec

from pyproxy.net.response import ResponseHead

TITLE_LIMIT = 300
"""Characters of another server's explanation that are repeated."""

# "fwd=stale" alone means that a cache asked again (RFC 9211 section 2.2); what a pyproxy means by it, it says itself.
_STALE = re.compile(r"(?:^|,)[ \t]*pyproxy[ \t]*;[^,]*(?:fwd=stale|detail=(?:degraded|made-after))")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class _Problem(msgspec.Struct):
    title: str = ""


def is_second_hand(head: ResponseHead) -> bool:
    """Whether a pyproxy on the way served what it had, because those behind it failed."""
    return _STALE.search(head.headers.get("cache-status", "")) is not None


def explained(head: ResponseHead, body: bytes | bytearray) -> str:
    """Why a pyproxy failed: its problem report's ``title`` (RFC 9457) as ``" (it says: …)"``, else nothing.

    What any other server says may hold anything, and is not repeated to clients.
    """
    if (head.headers.get("server"), head.headers.get("content-type")) != ("pyproxy", "application/problem+json"):
        return ""
    try:
        title = msgspec.json.decode(body, type=_Problem).title
    except msgspec.DecodeError:
        return ""
    title = " ".join(_CONTROL.sub(" ", title).split())[:TITLE_LIMIT].rstrip(". ")
    return f" (it says: {title})" if title else ""
