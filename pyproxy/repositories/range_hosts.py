"""Which hosts send parts of files.

Whoever asks a host first finds it out, and the others wait for that: a host that answers with whole files would else
begin to send as many of them as there are who ask at once. What a host cannot do is forgotten after an hour.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from pyproxy.net.addresses import Origin, origin_of
from pyproxy.repositories.bounded_cache import BoundedCache

REMEMBERED_SECONDS = 3600.0

HOSTS_LIMIT = 1000
"""Hosts that are remembered."""


class RangeHosts:
    """Hosts by the addresses of files at them. ``clock`` gives unix seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._well = _hosts()
        self._refusing = _hosts()
        self._without_last = _hosts()
        self._finding_out: dict[Origin, asyncio.Event] = {}

    def refuses(self, url: str) -> bool:
        """Whether this host sends whole files only."""
        return self._is_noted(self._refusing, url)

    def refuses_last_bytes(self, url: str) -> bool:
        """Whether this host sends parts by their place only."""
        return self._is_noted(self._without_last, url)

    def note_refusal(self, url: str) -> None:
        """It answered with a whole file."""
        self._refusing.put(_host(url), self._clock())

    def note_last_bytes_refused(self, url: str) -> None:
        """It does not know what the last bytes are."""
        self._without_last.put(_host(url), self._clock())

    def note_well(self, url: str) -> None:
        """It sent a part."""
        self._well.put(_host(url), self._clock())

    @asynccontextmanager
    async def finding_out(self, url: str) -> AsyncIterator[None]:
        """Ask within: alone where nothing is known of the host, and after whoever is finding it out."""
        host = _host(url)
        running = self._finding_out.get(host)
        if running is not None:
            await running.wait()
            yield
        elif self._well.get(host) is not None or self.refuses(url):
            yield
        else:
            found_out = self._finding_out[host] = asyncio.Event()
            try:
                yield
            finally:
                del self._finding_out[host]
                found_out.set()

    def _is_noted(self, hosts: BoundedCache[Origin, float], url: str) -> bool:
        noted = hosts.get(_host(url))
        return noted is not None and 0 <= self._clock() - noted < REMEMBERED_SECONDS


def _hosts() -> BoundedCache[Origin, float]:
    return BoundedCache[Origin, float](HOSTS_LIMIT, lambda _: 1)


def _host(url: str) -> Origin:
    try:
        return origin_of(url)
    except ValueError:
        return "", "", 0  # no address that can be asked
