"""A renewed certificate is taken over while the server runs: new connections get it, nothing is restarted.

The files are looked at every few seconds, by what they hold: so it is the same whether a tool writes them, renames new
ones over them, or turns a symbolic link (as Kubernetes does for a whole folder).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from pyproxy.app.tls import Contents, KeyPair, ends_soon, load_pair, read_contents, tell_end
from pyproxy.config.model import ServerConfig
from pyproxy.errors import ConfigurationError

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How often the files are read."""

REMIND_SECONDS = 24 * 3600.0
"""How often a certificate that ends soon is warned of."""


class Renewal:
    """Follows the files of ``server.tls``; ``current`` is the pair that new connections get.

    A pair that cannot be used is told of once and the old one stays. Every worker follows for itself; the one that
    ``speaks`` tells of it.
    """

    def __init__(
        self,
        server: ServerConfig,
        current: KeyPair,
        *,
        take: Callable[[KeyPair], None],
        clock: Callable[[], float],
        speaks: bool = True,
    ) -> None:
        self._server = server
        self.current = current
        self._take = take
        self._clock = clock
        self._speaks = speaks
        self._doubted: Contents | None = None
        self._refused: Contents | None = None
        self._reminded: float | None = clock() if ends_soon(current, clock()) else None

    async def follow(self) -> None:
        """Look again and again for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
                self.remind()
            except Exception:  # the next certificate must be noticed all the same
                log.exception("the certificate cannot be followed for now")

    async def look(self) -> None:
        """Take over what the files hold now, if it is new and fits.

        A pair that does not fit is often one that is being written; so it is told of only when it is found a second
        time.
        """
        contents = await asyncio.to_thread(read_contents, self.current.certificate, self.current.key)
        if contents == self.current.contents:
            self._doubted = self._refused = None
            return
        if contents == self._refused:
            return
        try:
            pair = await asyncio.to_thread(load_pair, self._server)
        except ConfigurationError as error:
            if contents == self._doubted:
                self._say(logging.ERROR, "the new certificate is not taken over, the old one goes on: %s", error)
                self._refused = contents
            self._doubted = contents
            return
        if pair is not None and pair.contents == contents:
            self._change(pair)

    def remind(self) -> None:
        """Warn of a certificate that ends soon, once a day."""
        now = self._clock()
        if not ends_soon(self.current, now):
            self._reminded = None
        elif self._reminded is None or now - self._reminded >= REMIND_SECONDS:
            self._reminded = now
            self._tell_end(now)

    def _change(self, pair: KeyPair) -> None:
        now = self._clock()
        self._take(pair)
        self.current = pair
        self._doubted = self._refused = None
        self._reminded = now if ends_soon(pair, now) else None
        self._say(logging.INFO, "a new certificate is taken over for new connections")
        self._tell_end(now)

    def _say(self, level: int, message: str, *arguments: object) -> None:
        if self._speaks:
            log.log(level, message, *arguments)

    def _tell_end(self, now: float) -> None:
        if self._speaks:
            tell_end(self.current, now)
