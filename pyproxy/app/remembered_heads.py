"""Reads the heads of requests, and remembers what it has read: the same few clients send the same headers.

Tornado checks and takes apart each header of each request, which for those of an installer takes as long as all that
pyproxy itself does for a warm page. What the same bytes come to is the same, so it is looked up; each request gets
headers of its own all the same. Credentials are read and forgotten.
"""

from __future__ import annotations

from tornado.httputil import HTTPHeaders

from pyproxy.handlers.request_heads import RefusedHeaders, read_headers, without_excess
from pyproxy.repositories.bounded_cache import BoundedCache

HEADS = 256
"""How many are remembered."""

LONGEST = 2048
"""Bytes of headers that are remembered; those of installers are a few hundred."""

_SECRETS = ("Authorization", "Cookie", "Proxy-Authorization")


class RememberedHeads:
    """One server's."""

    def __init__(self, *, heads: int = HEADS) -> None:
        self._known = BoundedCache[bytes, dict[str, str]](heads, lambda _: 1)

    def read(self, head: bytes) -> tuple[str, HTTPHeaders]:
        """The first line and the headers, `RefusedHeaders` of too much; raises `HTTPInputError` as Tornado does."""
        line, _, block = head.lstrip(b"\r\n").partition(b"\n")
        return without_excess(line.rstrip(b"\r").decode("latin-1"), self._headers(block))

    def remembers(self, block: bytes) -> bool:
        """Whether these headers are looked up; this is a use."""
        return self._known.get(block) is not None

    def _headers(self, block: bytes) -> HTTPHeaders:
        known = self._known.get(block)
        if known is not None:
            return HTTPHeaders(known)
        headers = read_headers(block)
        if isinstance(headers, RefusedHeaders):
            return headers
        lines = list(headers.get_all())
        is_told_twice = len(lines) > len(headers)
        if len(block) <= LONGEST and not is_told_twice and not any(secret in headers for secret in _SECRETS):
            self._known.put(block, dict(lines))
        return headers
