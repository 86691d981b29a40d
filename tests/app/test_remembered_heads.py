"""Heads of requests are read as Tornado reads them, once or again, and credentials are forgotten."""

from __future__ import annotations

import asyncio
import re
import socket

import pytest
import tornado.web
from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders, HTTPInputError
from tornado.iostream import IOStream
from tornado.netutil import bind_sockets

from pyproxy.app.idle_connections import PatientServer
from pyproxy.app.remembered_heads import LONGEST, RememberedHeads
from pyproxy.handlers.request_heads import MOST_HEADERS, MOST_PARAMETERS, RefusedHeaders
from tests.waiting import LIMIT_SECONDS

PIP = b"Host: pypi.example.org\r\nUser-Agent: pip/26.3 {}\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\n\r\n"

BLOCKS = {
    "pip": PIP,
    "no headers": b"\r\n",
    "bare newlines": b"Host: a\nAccept: b\n\n",
    "mixed ends": b"Host: a\r\nAccept: b\n\r\n",
    "a colon in a value": b"Host: a:80\r\n\r\n",
    "space around a value": b"Host: \t a \t \r\n\r\n",
    "an empty value": b"Host:\r\nAccept: \r\n\r\n",
    "names in any case": b"hOST: a\r\nX-yZ: b\r\n\r\n",
    "latin-1": b"Host: a\r\nUser-Agent: \xe9\xff\r\n\r\n",
    "a header that is there twice": b"Host: a\r\nAccept: b\r\naccept: c\r\n\r\n",
    "the same twice": b"Host: a\r\nAccept: b\r\nAccept: b\r\n\r\n",
    "credentials": b"Host: a\r\nAuthorization: Basic eDp5\r\n\r\n",
    "a cookie": b"Host: a\r\ncookie: session=1\r\n\r\n",
    "a proxy's credentials": b"Host: a\r\nProxy-Authorization: Basic eDp5\r\n\r\n",
    "long": b"Host: a\r\nUser-Agent: " + b"x" * LONGEST + b"\r\n\r\n",
    "no colon": b"Host\r\n\r\n",
    "a space before the colon": b"Host : a\r\n\r\n",
    "a folded line": b"Host: a\r\n b\r\n\r\n",
    "a control character": b"Host: a\x00b\r\n\r\n",
    "a lone return": b"Host: a\rb\r\n\r\n",
    "no name": b": a\r\n\r\n",
}

LINES = {
    "usual": b"GET /simple/demo/ HTTP/1.1\r\n",
    "bare newline": b"GET /simple/demo/ HTTP/1.1\n",
    "after an empty line": b"\r\nGET / HTTP/1.1\r\n",
    "after many": b"\r\n\n\r\n\nGET / HTTP/1.1\r\n",
    "latin-1": b"GET /\xe9 HTTP/1.1\r\n",
    "empty": b"\r\n",
}

FORGOTTEN = {"a header that is there twice", "the same twice", "long"} | {
    *("credentials", "a cookie", "a proxy's credentials"),
    *("no colon", "a space before the colon", "a folded line", "a control character", "a lone return", "no name"),
}


def told(line: str, headers: HTTPHeaders) -> tuple[str, list[tuple[str, str]]]:
    """All there is to know."""
    assert all(headers.get(name) == ",".join(headers.get_list(name)) for name in headers)
    return line, list(headers.get_all())


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("block", BLOCKS)
def test_a_head_is_read_as_tornado_does_the_first_time_and_later(line: str, block: str) -> None:
    ours, theirs = socket.socketpair()
    try:
        tornado_reads = HTTP1Connection(IOStream(ours), False)._parse_headers
        heads, head = RememberedHeads(), LINES[line] + BLOCKS[block]
        for _ in range(3):
            try:
                expected = told(*tornado_reads(head))
            except HTTPInputError as error:
                with pytest.raises(HTTPInputError, match=f"^{re.escape(str(error))}$"):
                    heads.read(head)
            else:
                assert told(*heads.read(head)) == expected
    finally:
        ours.close()
        theirs.close()


@pytest.mark.parametrize("block", BLOCKS)
def test_neither_credentials_nor_what_is_odd_is_remembered(block: str) -> None:
    heads = RememberedHeads()
    try:
        heads.read(LINES["usual"] + BLOCKS[block])
    except HTTPInputError:
        assert block in FORGOTTEN
    assert heads.remembers(BLOCKS[block]) is (block not in FORGOTTEN)


def test_each_request_has_headers_of_its_own() -> None:
    heads = RememberedHeads()
    for _ in range(3):
        _, headers = heads.read(LINES["usual"] + PIP)
        assert headers["Accept"] == "*/*"
        headers["Accept"] = "changed"
        headers.add("Host", "another")
        del headers["User-Agent"]


def test_more_headers_than_anybody_sends_are_not_taken_apart() -> None:
    """Tens of thousands have room in a head, and would stop the event loop for some tenths of a second."""
    read = RememberedHeads().read
    _, headers = read(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * MOST_HEADERS + b"\r\n")
    assert (type(headers), len(headers.get_list("a"))) == (HTTPHeaders, MOST_HEADERS)

    line, headers = read(b"GET /b HTTP/1.1\r\n" + b"a: b\r\n" * (MOST_HEADERS + 1) + b"Content-Length: 5\r\n\r\n")
    assert (line, type(headers), len(headers.get_list("a"))) == ("GET /b HTTP/1.1", RefusedHeaders, MOST_HEADERS)
    assert headers["Connection"] == "close", "what is said of the body may have been cut off"


def test_more_parameters_than_anybody_sends_are_left_out() -> None:
    read = RememberedHeads().read
    block = b"Host: a\r\nAccept: b\r\n\r\n"
    few, many = b"&".join([b"a"] * MOST_PARAMETERS), b"&".join([b"a"] * (MOST_PARAMETERS + 1))
    for _ in range(2):
        line, headers = read(b"GET /b?%s HTTP/1.1\r\n" % few + block)
        assert (line, type(headers)) == (f"GET /b?{few.decode()} HTTP/1.1", HTTPHeaders)
        line, headers = read(b"GET /b?%s HTTP/1.1\r\n" % many + block)
        assert (line, type(headers), headers["Accept"]) == ("GET /b HTTP/1.1", RefusedHeaders, "b")


def test_of_too_many_headers_those_that_are_read_must_be_headers() -> None:
    with pytest.raises(HTTPInputError):
        RememberedHeads().read(b"GET / HTTP/1.1\r\nnone\r\n" + b"a: b\r\n" * MOST_HEADERS + b"\r\n")


def test_what_was_not_used_for_longest_is_forgotten() -> None:
    heads = RememberedHeads(heads=2)
    first, second, third = (b"Host: %d\r\n\r\n" % number for number in range(3))
    for block in (first, second, first, third):
        heads.read(LINES["usual"] + block)
    assert [heads.remembers(block) for block in (first, second, third)] == [True, False, True]


async def test_tornado_lets_heads_be_read_so() -> None:
    """It does so with a method that is not documented: an upgrade that changes it makes requests slower, not wrong."""
    read: list[bytes] = []

    def read_head(head: bytes) -> tuple[str, HTTPHeaders]:
        read.append(head)
        return "GET /other HTTP/1.1", HTTPHeaders({"Host": "a", "Connection": "close"})

    class Echo(tornado.web.RequestHandler):
        def get(self) -> None:
            self.finish(f"{self.request.path} {self.request.headers['Host']}")

    application = tornado.web.Application([(".*", Echo)], log_function=lambda handler: None)
    server = PatientServer(application, idle_connection_timeout=60.0, read_head=read_head)
    sockets = bind_sockets(0, "127.0.0.1", socket.AF_INET)
    server.add_sockets(sockets)
    reader, writer = await asyncio.open_connection(*sockets[0].getsockname())
    writer.write(LINES["usual"] + PIP)
    async with asyncio.timeout(LIMIT_SECONDS):
        assert (await reader.read()).endswith(b"/other a")
    assert read == [LINES["usual"] + PIP]
    writer.close()
    await writer.wait_closed()
    server.stop()
    await server.close_all_connections()
