"""Requests that come back: a server that is its own upstream, directly or through others.

Every request to an upstream carries ``CDN-Loop`` (RFC 8586): a name of this server behind the names that came with the
client's request. A request that carries our own name has been here before, and is refused instead of being asked for
round and round. ``Via`` (RFC 9110 section 7.6.3) would tell the same, but where it is seen nginx and others leave out
compression. Only names of our own form are passed on: fetching for many is not forwarding for one, and the loop that
another proxy takes part in is found all the same as soon as it comes back here.
"""

from __future__ import annotations

import os
import re
from contextvars import ContextVar

from pyproxy.errors import RequestLoop

HEADER = "CDN-Loop"

MAX_SERVERS = 16
"""More servers in a row than anybody needs: names that change on the way would otherwise hide a loop."""

_NAME = re.compile(r"(?:^|,)[ \t]*(pyproxy-[0-9a-f]{16})(?=[ \t]*(?:[;,]|$))")

# Belongs to one request and to what is begun for it: a task takes the values of the one that starts it.
_passed: ContextVar[tuple[str, ...]] = ContextVar("servers passed", default=())


def new_name() -> str:
    """A name for a server; all its processes share it, and a restart may change it."""
    return f"pyproxy-{os.urandom(8).hex()}"  # the module secrets brings OpenSSL with it, for the supervisor for ever


class LoopGuard:
    """Knows the server by the name that it sends upstream."""

    def __init__(self, name: str) -> None:
        self._name = name

    def admit(self, header: str | None) -> None:
        """Take the ``CDN-Loop`` of a client's request, for whatever is asked on its behalf from now on.

        Raises `RequestLoop` when the request has been here before.
        """
        names = _NAME.findall(header) if header else []
        if self._name in names:
            raise RequestLoop("the request has been here before: an upstream leads back to this server")
        if len(names) >= MAX_SERVERS:
            raise RequestLoop(f"the request has passed {len(names)} servers: their upstreams form a loop")
        _passed.set((*names, self._name))


def loop_header() -> dict[str, str]:
    """What a request to an upstream carries; nothing outside of any client's request."""
    names = _passed.get()
    return {HEADER: ", ".join(names)} if names else {}
