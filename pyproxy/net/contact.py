"""A first connection to a server, for its own sake: looked up, connected, encrypted, and not asked anything.

curl does the work, with the very options of the server's requests (``route``), and is read between its steps: its
``getinfo`` times say which stage is reached. Nothing is sent beyond what a connection takes, so it is safe to make one
without checking the certificate in order to look at that certificate.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import pycurl

from pyproxy.errors import UpstreamError
from pyproxy.net.client import certificates_of, result_of
from pyproxy.net.failures import Attempt, certificate_problem, failure_of
from pyproxy.net.route import Route

StageName = Literal["look-up", "connect", "TLS"]

LOOK_SECONDS = 0.005
"""How often curl is given its turn. A diagnosis can afford it, and curl's times do not depend on it."""

_TLS_VERSION = re.compile(rb"SSL connection using (TLSv[\d.]+|SSLv\d)")
_DEBUG_TEXT = 0  # CURLINFO_TEXT; pycurl has no name for it


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage that was passed, and how long it took."""

    name: StageName
    seconds: float


class Contact:
    """One connection to the host of ``url``: walk through ``stages``, then read what it found.

    ``address`` is the ``ip:port`` was connected to, a proxy's if there is one; ``tls_version`` like
    ``TLSv1.3``; ``certificates`` the chain as the server sent it, its own first, in PEM (empty if the handshake
    failed). ``certificate_problem`` is OpenSSL's complaint about them, ``None`` if it has none.
    """

    def __init__(self, upstream: str, url: str, route: Route, *, connect_timeout_ms: int) -> None:
        self.address = ""
        self.tls_version = ""
        self.certificates: tuple[str, ...] = ()
        self.certificate_problem: str | None = None
        self._upstream = upstream
        self._url = url
        self._route = route
        self._connect_timeout_ms = connect_timeout_ms
        self._encrypted = urlsplit(url).scheme == "https"
        self._lookup_reached = False

    async def stages(self) -> AsyncGenerator[Stage]:
        """The stages, each at its end. Raises `UpstreamError` for the one that fails; ends by the connect timeout."""
        multi, curl = pycurl.CurlMulti(), pycurl.Curl()
        self._configure(curl)
        multi.add_handle(curl)
        reached: list[float] = []
        try:
            running = 1
            while running:
                running = multi.perform()[1]
                for stage in self._new_stages(curl, reached):
                    yield stage
                if running:
                    await asyncio.sleep(LOOK_SECONDS)
            if error := self._failure(multi, curl):
                raise error
        finally:
            multi.remove_handle(curl)
            _close(multi, curl, blocking=not self._lookup_reached)

    def _configure(self, curl: pycurl.Curl) -> None:
        curl.setopt(pycurl.URL, self._url)
        curl.setopt(pycurl.CONNECT_ONLY, 1)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, self._connect_timeout_ms)
        curl.setopt(pycurl.OPT_CERTINFO, 1)
        # curl tells the version of TLS nowhere else. What it says about a proxy's headers is passed over.
        curl.setopt(pycurl.VERBOSE, 1)
        curl.setopt(pycurl.DEBUGFUNCTION, self._debug)
        self._route.configure(curl)

    def _debug(self, kind: int, text: bytes) -> None:
        if kind == _DEBUG_TEXT and (found := _TLS_VERSION.search(text)):
            self.tls_version = found[1].decode("ascii")

    def _new_stages(self, curl: pycurl.Curl, reached: list[float]) -> list[Stage]:
        """What has been reached since the last look; curl's times count from the beginning."""
        names: tuple[tuple[StageName, int], ...] = (
            ("look-up", pycurl.NAMELOOKUP_TIME),
            ("connect", pycurl.CONNECT_TIME),
            *((("TLS", pycurl.APPCONNECT_TIME),) if self._encrypted else ()),
        )
        found = []
        for name, info in names[len(reached) :]:
            time = curl.getinfo(info)
            if not time:
                break
            found.append(Stage(name, max(0.0, time - (reached[-1] if reached else 0.0))))
            reached.append(time)
            self._lookup_reached = True
            self._read(curl)
        return found

    def _read(self, curl: pycurl.Curl) -> None:
        """What there is to know at this stage."""
        address = curl.getinfo(pycurl.PRIMARY_IP)
        if address:
            host = f"[{address}]" if ":" in address else address
            self.address = f"{host}:{curl.getinfo(pycurl.PRIMARY_PORT)}"
        self.certificates = tuple(pem.decode("ascii", "replace") for pem in certificates_of(curl))

    def _failure(self, multi: pycurl.CurlMulti, curl: pycurl.Curl) -> UpstreamError | None:
        failed = multi.info_read()[2]
        if not failed:
            return None
        result = result_of(curl, failed[0][1], failed[0][2])
        self.certificate_problem = certificate_problem(result)
        attempt = Attempt(
            upstream=self._upstream,
            url=self._url,
            through_proxy=self._route.proxy is not None,
            connect_timeout_ms=self._connect_timeout_ms,
            received=0,
            content_length=None,
        )
        return failure_of(result, attempt)


def _close(multi: pycurl.CurlMulti, curl: pycurl.Curl, *, blocking: bool) -> None:
    """Closing waits for a look-up that is still under way: not here."""

    def close() -> None:
        curl.close()
        multi.close()

    if blocking:
        threading.Thread(target=close, name="curl-close", daemon=True).start()
    else:
        close()
