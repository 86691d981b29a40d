"""Requests as they go over the wire, right and almost right, and all that comes back."""

from __future__ import annotations

import asyncio
import logging
import re

import pytest
from hypothesis import strategies as st
from tornado.ioloop import IOLoop

from tests.http.proxy import Proxy

LAST = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
"""Sent behind each request: a connection that is still in order answers this, too, and ends."""

WAIT_SECONDS = 50
"""Ends what hangs; never a measurement."""

Header = tuple[bytes, bytes]

_DATE = re.compile(rb"\r\nDate: [^\r]*")


def request(method: bytes, target: bytes, headers: list[Header], body: bytes = b"", version: bytes = b"1.1") -> bytes:
    """One request; a ``Content-Length`` is for its headers to say."""
    lines = b"".join(b"%s: %s\r\n" % header for header in headers)
    return b"%s %s HTTP/%s\r\n%s\r\n%s" % (method, target, version, lines, body)


async def all_that_comes(port: int, sent: bytes) -> bytes:
    """Every answer of a connection on which this was sent, up to its end, without the time.

    The headers of the first one are sorted: their order means nothing.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent + LAST)
        async with asyncio.timeout(WAIT_SECONDS):
            received = await reader.read()
    except ConnectionResetError:
        received = b""  # what was sent behind a refused request was not read
    finally:
        writer.transport.abort()
    head, end, rest = _DATE.sub(b"", received).partition(b"\r\n\r\n")
    status_line, *lines = head.split(b"\r\n")
    return b"\r\n".join([status_line, *sorted(lines)]) + end + rest


def send(io_loop: IOLoop, proxy: Proxy, sent: bytes) -> bytes:
    """`all_that_comes` of a server in the test's own loop."""
    received = io_loop.run_sync(lambda: all_that_comes(proxy.port, sent), timeout=60)
    assert isinstance(received, bytes)
    return received


def faults_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the server logged as an error."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def status_of(received: bytes) -> int:
    """That of the first answer, after a word that it may be sent."""
    return int(received.removeprefix(b"HTTP/1.1 100 (Continue)\r\n\r\n").split(b" ", 2)[1])


def text(*values: str) -> st.SearchStrategy[bytes]:
    return st.sampled_from([value.encode("latin-1") for value in values])


ODD_SEGMENTS = text("demo", "%ff", "%00", "%2f", "first", "9" * 40, "-1", "\xc3\xa9", "..", "%ed%a0%80", "'", "a" * 300)
"""Parts of an address in which a name is expected."""

HEADERS: dict[bytes, st.SearchStrategy[bytes]] = {
    b"Accept": text(
        *("application/vnd.pypi.simple.v1+json", "text/html", "*/*", "", "image/png", "text/html;q=0.1, */*;q=0"),
        *("application/vnd.pypi.simple.v1+html,\tapplication/vnd.pypi.simple.v1+json;q=nan", "TEXT/HTML", "\xff"),
    ),
    b"Accept-Encoding": text("gzip", "identity", "gzip;q=0", "*", "", "x-gzip, br", "GZIP;q=0.5", "\xb2"),
    b"If-None-Match": text("*", '"x"', "", 'W/"x", "', '"', "\xff", ", *"),
    b"If-Match": text("*", '"x"'),
    b"If-Range": text('"x"', "Mon, 30 Nov 2026 12:00:00 GMT", ""),
    b"If-Modified-Since": text("Mon, 30 Nov 2026 12:00:00 GMT", "x"),
    b"Range": text(
        *(
            "bytes=0-9",
            "bytes=-5",
            "bytes=5-",
            "bytes=0-0,2-3",
            "bytes=9-1",
            "bytes=99999999-",
            "items=1-2",
            "bytes=-0",
        ),
        *("bytes=0-99999999999999999999", "bytes = 1 - 2", "", "bytes=\xb2-\xb3"),
    ),
    b"Connection": text("keep-alive", "Keep-Alive", "close", "upgrade", "keep-alive, x", ""),
    b"Host": text("", "a b", "a:80", "[::1]", "\xff", "a" * 301, "a/../b"),
    b"Cookie": text("a=b", "session=\xff", ";;;="),
    b"Authorization": text("Basic YTpi", "Bearer x", "Basic \xff", "x", "", "Basic " + "A" * 5000),
    b"X-Forwarded-For": text("203.0.113.9", "x", ", ,", "::1%\xff"),
    b"X-Forwarded-Host": text("evil.example.org", "a/b"),
    b"X-Forwarded-Proto": text("https", "x"),
    b"X-Forwarded-Prefix": text("/team", "//x"),
    b"CDN-Loop": text("pyproxy-0123456789abcdef", "x, y", "\xff"),
    b"Expect": text("100-continue", "x"),
    b"Content-Length": text("0", "-1", "x", "1, 1"),
    b"Content-Type": text("application/json", "multipart/form-data; boundary=x", "multipart/form-data", "\xff", ""),
    b"Transfer-Encoding": text("chunked", "identity", "gzip, chunked"),
    b"User-Agent": text("pip/26.3 {}", "\xff\xfe", "", " ", "x" * 2000),
    b"X-New": text("x", "\x80"),
    b"Upgrade": text("websocket", "h2c"),
    b"Origin": text("null", "https://evil.example.org"),
}


def headers(*, often: dict[bytes, st.SearchStrategy[bytes]]) -> st.SearchStrategy[list[Header]]:
    """Some headers, with a right host mostly; of ``often`` more."""
    all_headers = {**HEADERS, **{name: HEADERS.get(name, values) | values for name, values in often.items()}}
    each = [st.tuples(st.just(name), values) for name, values in all_headers.items()]
    preferred = [st.tuples(st.just(name), all_headers[name]) for name in often]
    host = st.sampled_from([[(b"Host", b"pypi.example.org:8080")]] * 9 + [[]])
    return st.builds(
        lambda *parts: [header for part in parts for header in part],
        host,
        st.lists(st.one_of(*(preferred or each)), max_size=2, unique_by=lambda header: header[0]),
        st.lists(st.one_of(*each), max_size=2),
    )
