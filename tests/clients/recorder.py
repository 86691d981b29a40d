"""A forward HTTP proxy that writes down all a client asks of anybody, and lets it reach one server only.

Given to a client as ``HTTP_PROXY`` and ``HTTPS_PROXY``: requests to other hosts are written down and refused.
"""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

CHUNK_BYTES = 64 * 1024
HOP_BY_HOP = {"connection", "proxy-connection", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its method, host:port, path, headers, the status it got and the bytes of its answer's body."""

    method: str
    host: str
    path: str
    headers: Mapping[str, str]
    status: int
    body_bytes: int


class Recorder:
    """Lets requests through to ``allowed_host`` (``127.0.0.1:PORT``) and refuses every other; a context manager."""

    def __init__(self, allowed_host: str) -> None:
        self.allowed_host = allowed_host
        self._asked: list[Asked] = []
        self._hosts: set[str] = set()
        recorder = self

        class Handler(_ForwardHandler):
            records = recorder

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="recorder", daemon=True)

    @property
    def environ(self) -> dict[str, str]:
        """The variables that send all of a client's requests here."""
        url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), url)

    @property
    def asked(self) -> Sequence[Asked]:
        """What was asked so far."""
        return tuple(self._asked)

    @property
    def strangers(self) -> set[str]:
        """The hosts other than the allowed one that a client tried to reach, taken or not."""
        return self._hosts - {self.allowed_host}

    def take(self) -> Sequence[Asked]:
        """What was asked since the last ``take``."""
        taken, self._asked = tuple(self._asked), []
        return taken

    def add(self, asked: Asked) -> None:
        """Write one request down (the handler's)."""
        self._asked.append(asked)
        self._hosts.add(asked.host)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _ForwardHandler(BaseHTTPRequestHandler):
    """One connection of a client; it is closed after each answer, which every client accepts."""

    records: Recorder

    def forward(self) -> None:
        """Pass an absolute-form request on, or refuse it; either way it is written down."""
        target = urlsplit(self.path) if "://" in self.path else urlsplit(f"//{self.path}")
        status, body_bytes = 403, 0
        try:
            if self.command == "CONNECT" or target.netloc != self.records.allowed_host:
                self.send_error(403, "only pyproxy may be asked")
            else:
                status, body_bytes = self._pass_on(target.netloc, target.path + (target.query and f"?{target.query}"))
        finally:
            self.close_connection = True
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.records.add(Asked(self.command, target.netloc, target.path, headers, status, body_bytes))

    do_GET = do_HEAD = do_POST = do_CONNECT = forward  # noqa: N815 -- the names http.server looks for

    def _pass_on(self, host: str, path: str) -> tuple[int, int]:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        connection = http.client.HTTPConnection(host, timeout=120)
        body_bytes = 0
        with contextlib.closing(connection):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            connection.request(self.command, path, body or None, headers)
            response = connection.getresponse()
            self.send_response_only(response.status, response.reason)
            for name, value in response.headers.items():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            # A client may have read enough. (Not for tests of broken answers: a broken chunked one ends cleanly here.)
            with contextlib.suppress(http.client.IncompleteRead, ConnectionError):
                while chunk := response.read(CHUNK_BYTES):
                    body_bytes += len(chunk)
                    self.wfile.write(chunk)
            return response.status, body_bytes

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: ``Recorder.asked`` is the log."""
