"""Tornado's curl client, plus what it lacks: ending a transfer now, and what curl knew about it when it ended.

Read before changing anything here: ``tornado/curl_httpclient.py`` (the base class; ``_finish``, ``_process_queue``
and the free list are its inside) and ``tests/net/test_library_facts.py``, which holds every fact relied upon:

- ``remove_handle`` ends a transfer at once and without blocking, also during a name look-up. An abort by
  ``XFERINFOFUNCTION`` is only noticed after the look-up, seconds later.
- The resolver's thread lives on after that, and *closing* the multi handle waits for it. So a client that has
  abandoned a look-up is closed in a thread of its own.
- A handle is reset before the base class reports its end, so ``getinfo`` is read in ``_finish``.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pycurl
from tornado.curl_httpclient import CurlAsyncHTTPClient
from tornado.httpclient import HTTPRequest, HTTPResponse, _RequestProxy
from tornado.httputil import HTTPHeaders

LIBCURL_VERSION = str(pycurl.version_info()[1])


@dataclass(frozen=True, slots=True)
class CurlResult:
    """How a transfer ended, in curl's words.

    ``errno`` is 0 for a complete transfer, else a ``CURLE_*`` number with its ``message``; ``os_errno`` is the
    system's, 0 if there was none. The three times are seconds since the start, 0.0 for a stage that was not reached.
    ``certificate`` is the server's own in PEM, where the handle was told to keep it and the connection is a new one.
    """

    errno: int
    message: str
    os_errno: int
    name_lookup: float
    connect: float
    app_connect: float
    http_version: int
    certificate: str = ""


class Running:
    """A transfer that was begun; ``ended`` gets its result, or the exception that kept it from starting."""

    def __init__(self, request: Any) -> None:
        self.request = request
        self.curl: pycurl.Curl | None = None
        self.ended: asyncio.Future[CurlResult] = asyncio.get_running_loop().create_future()
        self._result: CurlResult | None = None

    def note(self, result: CurlResult) -> None:
        """Keep what the handle told before its reset."""
        self._result = result

    def finish(self, response: HTTPResponse) -> None:
        """The base class's callback; its response says nothing that we use."""
        if self.ended.done():
            return
        if self._result is not None:
            self.ended.set_result(self._result)
        else:
            self.ended.set_exception(response.error or RuntimeError("the transfer was never started"))


class CurlClient(CurlAsyncHTTPClient):
    """One pool of handles and connections: ``CurlClient(force_instance=True, max_clients=64)``.

    Belongs to the event loop it was made on. Transfers beyond ``max_clients`` (``most``) wait for a free handle.
    """

    def initialize(  # type: ignore[override]  # the bases disagree among themselves, too
        self, max_clients: int = 64, defaults: dict[str, Any] | None = None, max_body_size: int = sys.maxsize
    ) -> None:
        """Called by Tornado's constructor."""
        self.most = max_clients
        self._running: dict[pycurl.Curl, Running] = {}
        self._lookup_abandoned = False
        self._closing = False
        super().initialize(max_clients, defaults, max_body_size)

    def begin(self, request: HTTPRequest, configure: Callable[[pycurl.Curl], None]) -> Running:
        """Start a transfer, or queue it. ``configure`` sets further options on the handle right before it starts."""
        request.headers = HTTPHeaders(request.headers)
        # ``fetch`` fills in the defaults this way, too; it is passed by because nothing could end what it starts.
        running = Running(_RequestProxy(request, self.defaults))

        def prepare(curl: pycurl.Curl) -> None:
            configure(curl)
            running.curl = curl
            self._running[curl] = running

        request.prepare_curl_callback = prepare
        self.fetch_impl(running.request, running.finish)
        return running

    def abort(self, running: Running) -> None:
        """End the transfer now; nothing of it is reported any more. Right for one that has ended, too.

        Never call it from inside a curl callback: return an error from that instead.
        """
        curl = running.curl
        if curl is None:
            self._requests = deque(entry for entry in self._requests if entry[0] is not running.request)
            return
        if self._running.get(curl) is not running:
            return
        del self._running[curl]
        self._note_lookup(curl)
        curl.info = None  # type: ignore[attr-defined]
        self._multi.remove_handle(curl)
        curl.reset()
        self._free_list.append(curl)
        self._process_queue()
        self._set_timeout(0)

    def resume(self, running: Running) -> None:
        """Go on with a transfer whose write callback has paused it."""
        if running.curl is not None and self._running.get(running.curl) is running:
            # A transfer that has failed meanwhile says so here and, as usual, at its end.
            with contextlib.suppress(pycurl.error):
                running.curl.pause(pycurl.PAUSE_CONT)
            self._set_timeout(0)

    @property
    def idle(self) -> bool:
        """Whether no transfer is running or waiting."""
        return not self._running and not self._requests

    def close(self) -> None:
        """End what still runs, unreported, and let all connections go. Never blocks."""
        if self._closing:
            return
        self._requests.clear()
        for running in tuple(self._running.values()):
            self.abort(running)
            running.ended.cancel()
        self._closing = True
        for fd in tuple(self._fds):
            self.io_loop.remove_handler(fd)
        self._fds.clear()
        if self._lookup_abandoned:
            multi, self._multi = self._multi, pycurl.CurlMulti()
            threading.Thread(target=multi.close, name="curl-close", daemon=True).start()
        super().close()

    def _finish(self, curl: pycurl.Curl, curl_error: int | None = None, curl_message: str | None = None) -> None:
        running = self._running.pop(curl)
        running.note(result_of(curl, curl_error or 0, curl_message or ""))
        self._note_lookup(curl)
        super()._finish(curl, curl_error, curl_message)

    def _handle_socket(self, event: int, fd: int, multi: pycurl.CurlMulti, data: Any | None) -> None:
        # Closing may report from another thread, and nobody listens any more.
        if not self._closing:
            super()._handle_socket(event, fd, multi, data)

    def _set_timeout(self, msecs: int) -> None:
        if not self._closing:
            super()._set_timeout(msecs)

    def _note_lookup(self, curl: pycurl.Curl) -> None:
        if not curl.getinfo(pycurl.NAMELOOKUP_TIME):
            self._lookup_abandoned = True


def result_of(curl: pycurl.Curl, errno: int, message: str) -> CurlResult:
    """What a handle knows about the transfer that has just ended on it."""
    return CurlResult(
        errno=errno,
        message=message,
        os_errno=curl.getinfo(pycurl.OS_ERRNO),
        name_lookup=curl.getinfo(pycurl.NAMELOOKUP_TIME),
        connect=curl.getinfo(pycurl.CONNECT_TIME),
        app_connect=curl.getinfo(pycurl.APPCONNECT_TIME),
        http_version=curl.getinfo(pycurl.INFO_HTTP_VERSION),
        certificate=next((pem.decode("ascii", "replace") for pem in certificates_of(curl)), ""),
    )


def certificates_of(curl: pycurl.Curl) -> list[bytes]:
    """The chain as the server sent it, its own first, in PEM; empty unless ``OPT_CERTINFO`` is set on the handle."""
    # Raw: names in certificates need not be valid UTF-8.
    return [value for entry in curl.getinfo_raw(pycurl.INFO_CERTINFO) for key, value in entry if key == b"Cert"]
