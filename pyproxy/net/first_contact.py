"""One connection attempt at a time to an https origin, until it is known what it speaks.

Requests share an HTTP/2 connection once it stands, but a burst on a cold pool opens one connection each. curl's own
remedy, ``PIPEWAIT``, makes every request wait until the first one is *answered* wherever HTTP/1.1 is spoken, so that
one slow page holds up all others. Here they wait until the first connection stands, and then go their ways.
"""

from __future__ import annotations

import asyncio

from pyproxy.errors import UpstreamUnreachable
from pyproxy.net.addresses import Origin


class Turn:
    """A request's permission to connect. Of the holders of a turn only a pioneer keeps others waiting."""

    def __init__(self, pioneer: asyncio.Future[UpstreamUnreachable | None] | None = None) -> None:
        self._pioneer = pioneer

    def stands(self) -> None:
        """The connection stands: everybody may go."""
        self._end(None)

    def failed(self, error: UpstreamUnreachable) -> None:
        """It could not be made: whoever waits for it fails alike. Means nothing once it has stood."""
        self._end(error)

    def over(self) -> None:
        """The request has ended, somehow; if nothing was found out, another one becomes the pioneer."""
        if self._pioneer is not None and not self._pioneer.done():
            self._pioneer.cancel()

    def _end(self, error: UpstreamUnreachable | None) -> None:
        if self._pioneer is not None and not self._pioneer.done():
            self._pioneer.set_result(error)


class FirstContacts:
    """The origins of one pool of connections."""

    def __init__(self) -> None:
        self._pioneers: dict[Origin, asyncio.Future[UpstreamUnreachable | None]] = {}
        self._http1: set[Origin] = set()

    async def turn(self, origin: Origin) -> Turn:
        """Wait while somebody else's first connection is being made.

        Raises UpstreamUnreachable if that one fails.
        """
        if origin[0] != "https" or origin in self._http1:
            return Turn()
        while pioneer := self._pioneers.get(origin):
            await asyncio.wait([pioneer])
            if pioneer.cancelled():
                continue
            error = pioneer.result()
            if error is not None:
                raise type(error)(error.upstream, error.reason)
            return Turn()
        pioneer = asyncio.get_running_loop().create_future()
        self._pioneers[origin] = pioneer
        pioneer.add_done_callback(lambda _: self._pioneers.pop(origin, None))
        return Turn(pioneer)

    def learn(self, origin: Origin, *, http2: bool) -> None:
        """What the origin has spoken just now: with HTTP/1.1 nobody needs to wait for anybody."""
        if http2:
            self._http1.discard(origin)
        else:
            self._http1.add(origin)
