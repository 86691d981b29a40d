"""What every answer with a file looks like, from the cache and on the way into it."""

from __future__ import annotations

import hashlib

import pytest

from pyproxy.settings import UpstreamSettings
from tests.distributions import make_sdist, make_wheel
from tests.http.calls import address, ask, idle
from tests.http.conftest import StartProxy
from tests.upstream_server import Normal, Status, UpstreamServer, closed_port

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=200_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATH = address("demo", FILENAME, CONTENT)

HEADERS = (
    *("Content-Type", "Content-Length", "Accept-Ranges", "Etag", "Cache-Control", "Content-Encoding"),
    *("Content-Disposition", "Location", "X-Pyproxy-Upstream"),
)


@pytest.mark.parametrize("cached", [False, True])
async def test_a_file_has_its_length_type_and_etag(
    upstream: UpstreamServer, start_proxy: StartProxy, cached: bool
) -> None:
    """(check 42) (check 45) (check 50) (check 51) (check 52) (check 54) (pain 24) (pain 30)"""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    if cached:
        await ask(proxy, PATH)
        await idle(proxy)

    answer = await ask(proxy, await proxy.link("demo", FILENAME), {"Accept-Encoding": "gzip, deflate"})

    assert (answer.status, answer.body, answer.broken) == (200, CONTENT, None)
    assert answer.cache_status == ("pyproxy; hit" if cached else "pyproxy; fwd=miss")
    assert {name: answer.headers[name] for name in HEADERS} == {
        "Content-Type": "application/octet-stream",
        "Content-Length": str(len(CONTENT)),
        "Accept-Ranges": "bytes",
        "Etag": f'"{SHA256}"',
        "Cache-Control": "public, max-age=365000000, immutable",
        "Content-Encoding": None,
        "Content-Disposition": None,
        "Location": None,
        "X-Pyproxy-Upstream": "first",
    }


@pytest.mark.parametrize("size_listed", [True, False])
async def test_head_says_what_get_says_before_the_file_is_here_and_after(
    upstream: UpstreamServer, start_proxy: StartProxy, size_listed: bool
) -> None:
    """(check 46) (pain 11)"""
    upstream.add_file("demo", FILENAME, CONTENT, size=size_listed)
    proxy = await start_proxy(upstream)

    before = await ask(proxy, PATH, method="HEAD")
    got = upstream.count("/packages/", "GET")
    get = await ask(proxy, PATH)
    await idle(proxy)
    after = await ask(proxy, PATH, method="HEAD")

    assert got == 0, "a HEAD fetches no file"
    assert upstream.count("/packages/", "HEAD") == (0 if size_listed else 1)
    for answer in (before, after):
        assert (answer.status, answer.body) == (200, b"")
        assert {name: answer.headers[name] for name in HEADERS} == {name: get.headers[name] for name in HEADERS}


async def test_head_is_answered_although_the_upstream_refuses_to(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 11)"""
    upstream.add_file("demo", FILENAME, CONTENT, size=False)
    upstream.behave("/packages/", Status(405), times=1)
    upstream.behave("/packages/", Normal())
    proxy = await start_proxy(upstream)

    answer = await ask(proxy, PATH, method="HEAD")

    assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(CONTENT)))


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, len(CONTENT)),
        ("bytes=-10000", len(CONTENT) - 10_000, len(CONTENT)),
        ("bytes=199000-99999999", 199_000, len(CONTENT)),
        ("bytes=-99999999", 0, len(CONTENT)),
    ],
)
async def test_a_range_of_a_cached_file(
    upstream: UpstreamServer, start_proxy: StartProxy, wanted: str, start: int, stop: int
) -> None:
    """(check 47) (F27)"""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    await ask(proxy, PATH)
    await idle(proxy)

    answer = await ask(proxy, PATH, {"Range": wanted})

    assert (answer.status, answer.body) == (206, CONTENT[start:stop])
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(CONTENT)}"
    assert answer.headers["Etag"] == f'"{SHA256}"'


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("wanted", [f"bytes={len(CONTENT)}-", "bytes=-0"])
async def test_a_range_outside_the_file_is_refused_with_its_size(
    upstream: UpstreamServer, start_proxy: StartProxy, wanted: str, cached: bool
) -> None:
    """(check 48) And it fetches nothing."""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    if cached:
        await ask(proxy, PATH)
        await idle(proxy)
    before = upstream.count("/packages/")

    answer = await ask(proxy, PATH, {"Range": wanted})

    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{len(CONTENT)}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert upstream.count("/packages/") == before


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-6", "bytes=9-3", "bytes=", "lines=1-2", "bytes=a-b"])
async def test_several_ranges_and_nonsense_get_the_whole_file(
    upstream: UpstreamServer, start_proxy: StartProxy, wanted: str
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)

    answer = await ask(proxy, PATH, {"Range": wanted})

    assert (answer.status, answer.body) == (200, CONTENT)


@pytest.mark.parametrize(
    ("condition", "status"),
    [(f'"{SHA256}"', 206), ('"something else"', 200), (f'W/"{SHA256}"', 200), ('"None"', 200)],
)
@pytest.mark.parametrize("cached", [True, False])
async def test_a_range_is_given_only_of_the_file_that_the_client_has_a_part_of(
    upstream: UpstreamServer, start_proxy: StartProxy, condition: str, status: int, cached: bool
) -> None:
    """(check 49)"""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream, whole_file_below=1)
    if cached:
        await ask(proxy, PATH)
        await idle(proxy)

    answer = await ask(proxy, PATH, {"Range": "bytes=10-", "If-Range": condition})

    assert (answer.status, answer.body) == (status, CONTENT[10:] if status == 206 else CONTENT)


async def test_a_client_that_has_the_file_is_told_so_without_a_look(start_proxy: StartProxy) -> None:
    """Its link names the content: neither page nor upstream nor disk can say anything else."""
    proxy = await start_proxy(UpstreamSettings(name="first", url=f"http://127.0.0.1:{closed_port()}"))

    answer = await ask(proxy, PATH, {"If-None-Match": f'"{SHA256}"'})

    assert (answer.status, answer.headers["Etag"], answer.body) == (304, f'"{SHA256}"', b"")
    assert answer.headers["Cache-Control"] == "public, max-age=365000000, immutable"
    assert answer.cache_status == "pyproxy; hit"


async def test_without_the_hash_the_address_promises_nothing(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)

    answer = await ask(proxy, f"/files/demo/{FILENAME}")
    again = await ask(proxy, f"/files/demo/{FILENAME}", {"If-None-Match": f'"{SHA256}"'})

    assert (answer.status, answer.body, answer.headers["Etag"]) == (200, CONTENT, f'"{SHA256}"')
    assert answer.headers["Cache-Control"] == "no-cache"
    assert (again.status, again.headers["Cache-Control"]) == (304, "no-cache")


async def test_an_archive_is_never_sent_with_a_content_coding(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 50) (F25) (pain 23)"""
    filename, content = make_sdist("demo", "1.0")
    upstream.add_file("demo", filename, content)
    proxy = await start_proxy(upstream)

    for _ in ("cold", "warm"):
        answer = await ask(proxy, await proxy.link("demo", filename), {"Accept-Encoding": "gzip"})
        assert (answer.body, answer.headers["Content-Encoding"]) == (content, None)


async def test_another_spelling_of_the_project_gets_the_file_and_no_redirect(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 43) (check 52)"""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)

    for method in ("HEAD", "GET"):
        answer = await ask(proxy, PATH.replace("/demo/", "/Demo/"), method=method)
        assert answer.status == 200
