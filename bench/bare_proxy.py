"""The least that a proxy made of Tornado and curl can do: pass every answer on, and keep its bytes in a file.

``python bare_proxy.py PORT UPSTREAM FOLDER`` serves what UPSTREAM has at the same path. It reads no page, finds nothing
again, compares no hash, joins no requests and takes whole answers into memory. Nobody would install from it; it tells
how much of pyproxy's time is that of its libraries.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import sys
from pathlib import Path

import pycurl
from tornado.curl_httpclient import CurlAsyncHTTPClient
from tornado.httpclient import HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
)

PASSED_ON = ("Content-Type", "Content-Encoding", "ETag")


class Bare(HTTPServerConnectionDelegate):
    """Tornado's lower-level interface, below its request handlers."""

    def __init__(self, upstream: str, folder: Path) -> None:
        self._upstream = upstream
        self._folder = folder
        self._numbers = itertools.count()
        self._client = CurlAsyncHTTPClient(force_instance=True, max_clients=128)

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        return _Request(self, request_conn)

    async def answer(self, path: str, accept: str, connection: HTTPConnection) -> None:
        """Ask for it, keep it, pass it on."""
        if path == "/healthz":
            connection.write_headers(ResponseStartLine("HTTP/1.1", 200, "-"), HTTPHeaders({"Content-Length": "0"}))
            connection.finish()
            return
        asked = HTTPRequest(
            self._upstream + path,
            headers={"Accept": accept, "Accept-Encoding": "gzip"},
            decompress_response=False,
            prepare_curl_callback=lambda curl: curl.setopt(pycurl.BUFFERSIZE, 256 << 10),
        )
        response = await self._client.fetch(asked, raise_error=False)
        hashlib.sha256(response.body)
        (self._folder / str(next(self._numbers))).write_bytes(response.body)
        headers = HTTPHeaders({name: response.headers[name] for name in PASSED_ON if name in response.headers})
        headers["Content-Length"] = str(len(response.body))
        connection.write_headers(ResponseStartLine("HTTP/1.1", response.code, "-"), headers, response.body)
        connection.finish()


class _Request(HTTPMessageDelegate):
    def __init__(self, bare: Bare, connection: HTTPConnection) -> None:
        self._bare = bare
        self._connection = connection
        self._answering: asyncio.Task[None] | None = None

    def headers_received(self, start_line: RequestStartLine, headers: HTTPHeaders) -> None:  # type: ignore[override]
        self._path, self._accept = start_line.path, headers.get("Accept", "*/*")

    def finish(self) -> None:
        self._answering = asyncio.ensure_future(self._bare.answer(self._path, self._accept, self._connection))


async def serve(port: int, upstream: str, folder: Path) -> None:
    """Until the process is ended."""
    folder.mkdir()
    HTTPServer(Bare(upstream, folder)).listen(port, "127.0.0.1", backlog=1024)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
