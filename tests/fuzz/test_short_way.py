"""The short way answers each request with the very bytes of its handler, or leaves it to that.

A header that is there twice and means nothing is all it takes to be answered by the handler.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tornado.ioloop import IOLoop

from tests.distributions import make_wheel
from tests.fuzz.profile import examples
from tests.fuzz.wire import Header, all_that_comes, headers, request, text
from tests.http.calls import address, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import JSON, Proxy
from tests.upstream_server import UpstreamServer

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=500)
FILE = address("demo", FILENAME, CONTENT)
SHA256 = FILE.split("/")[3]

TWICE: list[Header] = [(b"X-Twice", b"1"), (b"X-Twice", b"1")]

_EDITS = text(
    *(
        "",
        "?",
        "/",
        "//",
        "#",
        "?format=x",
        "?/",
        "%",
        "%2f",
        ".metadata",
        "\xff",
        "\x7f",
        ";a",
        "/.",
        "/../",
        "&",
        "+",
    ),
    *("'", '"', "<b>", "%00", "\\", "?a=\xff"),
)


async def warm(upstream: UpstreamServer, start_proxy: StartProxy) -> tuple[Proxy, list[str]]:
    """A proxy that has a page in every format, and a file, and the ETags of both."""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    proxy = await start_proxy(upstream)
    etags = [f'"{SHA256}"']
    for accept in (JSON, "text/html"):
        for coding in ("gzip", "identity"):
            answer = await proxy.get("/simple/demo/", {"Accept": accept, "Accept-Encoding": coding})
            etags.append(answer.headers["ETag"])
    assert (await proxy.get(FILE)).body == CONTENT
    await idle(proxy)
    return proxy, etags


def targets(target: str) -> st.SearchStrategy[bytes]:
    """This address, mostly, or one beside it."""

    def edited(edit: bytes, place: float, kind: int) -> bytes:
        whole = target.encode()
        at = int(place * (len(whole) + 1))
        if kind == 0:
            return whole[:at] + edit + whole[at:]
        if kind == 1:
            return whole[:at] + whole[at + 1 :]
        return whole[:at] + whole[at : at + 1].swapcase() + whole[at + 1 :]

    beside = st.builds(edited, _EDITS, st.floats(0, 1), st.integers(0, 2))
    return st.sampled_from([target.encode()] * 3).flatmap(lambda right: st.just(right) | beside)


@pytest.mark.parametrize("target", ["/simple/demo/", FILE], ids=["page", "file"])
def test_both_ways_send_the_same_bytes(
    target: str, io_loop: IOLoop, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy, etags = io_loop.run_sync(lambda: warm(upstream, start_proxy))
    matches = text(*etags, *(f"W/{etag}" for etag in etags), f'"x", {etags[1]}', etags[1].strip('"'))
    often = {b"If-None-Match": matches, b"If-Range": matches, b"Accept": text(JSON), b"Accept-Encoding": text("gzip")}
    statuses: set[bytes] = set()

    def check(method: bytes, asked: bytes, sent: list[Header], version: bytes) -> None:
        short, long = (
            io_loop.run_sync(lambda each=each: all_that_comes(proxy.port, each), timeout=60)
            for each in (
                request(method, asked, sent, version=version),
                request(method, asked, [*sent, *TWICE], version=version),
            )
        )
        assert short == long
        statuses.add(short[9:12])

    form: list[Header] = [(b"Host", b"a"), (b"Accept", JSON.encode()), (b"Accept-Encoding", b"gzip")]
    for etag in etags:
        check(b"GET", target.encode(), [*form, (b"If-None-Match", etag.encode())], b"1.1")
    assert statuses == {b"200", b"304"}

    methods, versions = text("GET", "GET", "GET", "HEAD", "POST", "get", "OPTIONS"), text("1.1", "1.1", "1.1", "1.0")
    examples(200)(given(methods, targets(target), headers(often=often), versions)(check))()
