"""One request and its response at one URL: the only place that takes curl's bytes of a body.

Redirects, credentials and limits of reach are decided by the caller, hop by hop (``connection``). Bytes go from curl's
write function straight to the receiver, and the time of the last byte is kept here: curl's own ``LOW_SPEED_*`` works
on averages of whole seconds, and there is no limit on a whole transfer. Cancelling the task in :meth:`Transfer.run`
ends the transfer at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pycurl
from tornado.httpclient import HTTPRequest

from pyproxy.errors import UpstreamError, UpstreamTimeout
from pyproxy.net.client import CurlClient, CurlResult, Running
from pyproxy.net.failures import Attempt, failure_of
from pyproxy.net.incoming import Incoming
from pyproxy.net.response import Receiver, ResponseHead
from pyproxy.net.route import Route

CONNECTIONS_SETTING = "cache.connections_per_upstream"
STALL_SETTING = "stall_timeout_ms"

REFUSE = -1
"""What a header or write function returns to make curl end the transfer."""

BUFFER_BYTES = 256 << 10
"""What curl takes from the system at a time; it hands that on in pieces of 16 KiB all the same. With curl's own 16 KiB,
receiving costs twice the processor time."""

_INTERRUPTED = CurlResult(pycurl.E_ABORTED_BY_CALLBACK, "", 0, 0.0, 0.0, 0.0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """What to ask, and how. ``headers`` holds everything that is sent, credentials included.

    ``first_byte_at`` is the time of the event loop by which the status line must be here, ``first_byte_limit`` the
    setting that says so, for people; with ``None`` the stall timeout (seconds) counts from the moment the connection
    stands. ``decode``: undo the body's content coding.
    ``look_at_certificate``: tell the server's own, if the connection is a new one.
    """

    upstream: str
    url: str
    method: str
    headers: Mapping[str, str]
    user_agent: str
    route: Route
    connect_timeout_ms: int
    stall_timeout: float
    first_byte_at: float | None
    decode: bool
    first_byte_limit: str = ""
    look_at_certificate: bool = False


class Transfer:
    """Runs one hop, and is the `Flow` of its response.

    ``connected`` is told the address before the request is sent, and may return an error to prevent that. ``http2``
    says, after a successful run, whether the answer came that way; ``certificate`` is in PEM, empty where none was
    told.
    """

    def __init__(
        self, client: CurlClient, hop: Hop, receiver: Receiver, connected: Callable[[str], UpstreamError | None]
    ) -> None:
        self._client = client
        self._hop = hop
        self._connected = connected
        self._incoming = Incoming(receiver, self, hop.upstream, hop.url, decode=hop.decode)
        self._loop = asyncio.get_running_loop()
        self._begun_at = self._last_byte_at = self._loop.time()
        self._stands = self._paused = self._curl_paused = False
        self._error: BaseException | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._running: Running | None = None
        self.http2 = False
        self.certificate = ""

    async def run(self) -> ResponseHead:
        """The response's head, once its body has gone to the receiver; a redirect's body is passed over.

        Raises `UpstreamError`, and what the receiver or ``connected`` raised.
        """
        hop = self._hop
        request = HTTPRequest(
            hop.url,
            method=hop.method,
            headers=dict(hop.headers),
            user_agent=hop.user_agent,
            follow_redirects=False,
            decompress_response=False,
            connect_timeout=hop.connect_timeout_ms / 1000,
            request_timeout=0,
        )
        self._running = self._client.begin(request, self._configure)
        self._arm()
        try:
            result = await self._running.ended
        finally:
            if self._timer is not None:
                self._timer.cancel()
            self._client.abort(self._running)
        if self._error is not None:
            raise self._error
        if result.errno:
            raise failure_of(result, self._attempt())
        self.http2 = result.http_version == pycurl.CURL_HTTP_VERSION_2_0
        self.certificate = result.certificate
        return self._incoming.finish()

    def pause(self) -> None:
        """See `Flow`."""
        self._paused = True

    def resume(self) -> None:
        """See `Flow`."""
        if self._paused:
            self._paused = False
            self._touch()
            self._arm()
            # Unpausing delivers what curl has kept, at once: not from within whatever calls this.
            self._loop.call_soon(self._unpause)

    def _unpause(self) -> None:
        if self._curl_paused and not self._paused and self._running is not None:
            self._curl_paused = False
            self._client.resume(self._running)

    def _configure(self, curl: pycurl.Curl) -> None:
        curl.setopt(pycurl.VERBOSE, 0)  # Tornado switches it on for debug logs, and would log credentials
        curl.setopt(pycurl.TCP_KEEPALIVE, 1)
        curl.setopt(pycurl.BUFFERSIZE, BUFFER_BYTES)
        curl.setopt(pycurl.OPT_CERTINFO, int(self._hop.look_at_certificate))
        # A resumed session shows the certificate of the handshake that it began with, however long ago.
        curl.setopt(pycurl.SSL_SESSIONID_CACHE, int(not self._hop.look_at_certificate))
        curl.setopt(pycurl.PREREQFUNCTION, self._before_request)
        curl.setopt(pycurl.HEADERFUNCTION, self._header)
        curl.setopt(pycurl.WRITEFUNCTION, self._write)
        self._hop.route.configure(curl)

    # The four functions below run inside curl: what they raise must not get there.

    def _before_request(self, address: str, _local: str, _port: int, _local_port: int) -> int:
        try:
            self._error = self._connected(address)
        except Exception as error:
            self._error = error
        if self._error is not None:
            return pycurl.PREREQFUNC_ABORT
        self._incoming.expect()
        self._stands = True
        self._touch()
        self._arm()
        return pycurl.PREREQFUNC_OK

    def _header(self, line: bytes) -> int | None:
        self._touch()
        try:
            if self._incoming.header(line):
                self._arm()
        except Exception as error:
            self._error = error
            return REFUSE
        return None

    def _write(self, data: bytes) -> int | None:
        if self._paused:
            self._curl_paused = True
            return pycurl.WRITEFUNC_PAUSE  # the same bytes come again
        self._touch()
        try:
            self._incoming.write(data)
        except Exception as error:
            self._error = error
            return REFUSE
        return None

    def _touch(self) -> None:
        self._last_byte_at = self._loop.time()

    def _arm(self) -> None:
        """Look again when the time could be up; called at the start and whenever another limit begins to count."""
        if self._timer is not None:
            self._timer.cancel()
        if self._running is not None and self._running.ended.done():
            return  # resumed after its end: a timer would hold all of it, an open file too, until it is due
        due = self._due()
        self._timer = None if due is None else self._loop.call_at(due, self._look)

    def _look(self) -> None:
        due = self._due()
        if due is None or self._loop.time() < due:
            self._arm()
            return
        assert self._running is not None
        self._error = UpstreamTimeout(self._hop.upstream, self._late())
        self._error.was_asked = self._running.curl is not None
        if not self._running.ended.done():
            self._running.ended.set_result(_INTERRUPTED)

    def _due(self) -> float | None:
        if self._incoming.head is None and self._hop.first_byte_at is not None:
            return self._hop.first_byte_at
        return self._last_byte_at + self._hop.stall_timeout if self._stands and not self._paused else None

    def _late(self) -> str:
        if self._incoming.head is not None:
            silent = f"sent no byte for {self._hop.stall_timeout:g} s"
            return f"{silent} after {self._incoming.received} bytes ({STALL_SETTING})"
        waited = self._loop.time() - self._begun_at
        if self._running is not None and self._running.curl is None:
            return f"had none of its {self._client.most} connections free for {waited:.1f} s ({CONNECTIONS_SETTING})"
        limit = STALL_SETTING if self._hop.first_byte_at is None else self._hop.first_byte_limit
        return f"did not begin to answer within {waited:.1f} s{in_brackets('' if self._stands else 'connect', limit)}"

    def _attempt(self) -> Attempt:
        head = self._incoming.head
        return Attempt(
            upstream=self._hop.upstream,
            url=self._hop.url,
            through_proxy=self._hop.route.proxy is not None,
            connect_timeout_ms=self._hop.connect_timeout_ms,
            received=self._incoming.received,
            content_length=head.content_length if head else None,
        )


def in_brackets(*words: str) -> str:
    """Those that are not empty, behind a space; nothing for none."""
    said = ", ".join(filter(None, words))
    return f" ({said})" if said else ""
