"""``.metadata``: the advertised bytes or an error, never others (PEP 658)."""

from __future__ import annotations

import hashlib

import pytest

from pyproxy.settings import UpstreamSettings
from tests.distributions import make_sdist, make_wheel
from tests.http.calls import address, ask, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock
from tests.upstream_server import Behaviour, Corrupt, Empty, Portal, Reset, Status, Truncate, UpstreamServer

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=100_000)
PATH = address("demo", FILENAME, CONTENT)
SIDECAR = PATH + ".metadata"
DIGEST = hashlib.sha256(METADATA).hexdigest()


async def test_an_advertised_file_is_fetched_verified_and_kept(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 56) (check 58) (F22) (F23) (pain 6) Its address is the file's with a suffix; no query (F24)."""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    proxy = await start_proxy(upstream)
    [entry] = (await proxy.page("demo"))["files"]
    assert entry["core-metadata"] == {"sha256": DIGEST}
    assert "?" not in entry["url"]

    cold = await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")
    await idle(proxy)
    warm = await ask(proxy, SIDECAR)

    for answer in (cold, warm):
        assert (answer.status, answer.body) == (200, METADATA)
        assert answer.headers["Etag"] == f'"{DIGEST}"'
        assert answer.headers["Cache-Control"] == "public, max-age=365000000, immutable"
    assert (cold.cache_status, warm.cache_status) == ("pyproxy; fwd=miss", "pyproxy; hit")
    assert upstream.count("/packages/") == 1
    assert (await ask(proxy, SIDECAR, {"If-None-Match": f'"{DIGEST}"'})).status == 304


async def test_of_a_cached_wheel_its_own_metadata_answers(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 58) Also at the address without the hash, and with the upstream down."""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    proxy = await start_proxy(upstream)
    await ask(proxy, PATH)
    await idle(proxy)
    await upstream.stop()

    for path in (SIDECAR, f"/files/demo/{FILENAME}.metadata"):
        answer = await ask(proxy, path)
        assert (answer.status, answer.body, answer.cache_status) == (200, METADATA, "pyproxy; hit")


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        (Status(404), 404),
        (Status(500), 502),
        (Corrupt(), 502),
        (Empty(), 502),
        (Portal(), 502),
        (Reset(), 502),
        (Truncate(20), 502),
        (Truncate(20, content_length=False), 502),
    ],
    ids=str,
)
async def test_other_bytes_than_the_advertised_are_an_error(
    upstream: UpstreamServer, start_proxy: StartProxy, behaviour: Behaviour, status: int
) -> None:
    """(check 56) (pain 6) And not remembered."""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    upstream.behave(upstream.file_path("demo", FILENAME) + ".metadata", behaviour)
    proxy = await start_proxy(upstream)

    bad = await ask(proxy, SIDECAR)
    await idle(proxy)

    assert (bad.status, proxy.kept()) == (status, [])
    upstream.clear_behaviours()
    assert (await ask(proxy, SIDECAR)).body == METADATA


async def test_a_wheel_that_says_something_else_does_not_answer_for_the_advertised(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Some indexes patch metadata without the wheel: what they advertise is what clients verify."""
    patched = METADATA + b"Requires-Dist: other\n"
    upstream.add_file("demo", FILENAME, CONTENT, metadata=patched)
    proxy = await start_proxy(upstream)
    await ask(proxy, PATH)
    await idle(proxy)

    assert (await ask(proxy, SIDECAR)).body == patched


async def test_what_is_not_advertised_is_not_there(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 57)"""
    upstream.add_file("demo", FILENAME, CONTENT)
    filename, sdist = make_sdist("demo", "1.0")
    upstream.add_file("demo", filename, sdist)
    proxy = await start_proxy(upstream, extract_metadata=False)
    assert not any(entry.get("core-metadata") for entry in (await proxy.page("demo"))["files"])

    assert (await ask(proxy, SIDECAR)).status == 404
    assert (await ask(proxy, address("demo", filename, sdist) + ".metadata")).status == 404
    assert upstream.count("/packages/") == 0


async def test_advertised_without_a_hash_must_at_least_be_metadata(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """HTML pages may say ``data-core-metadata="true"`` (PEP 714)."""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    url, sha256 = f"{upstream.url}/packages/demo/{FILENAME}", hashlib.sha256(CONTENT).hexdigest()
    link = f'<a href="{url}#sha256={sha256}" data-core-metadata="true">{FILENAME}</a>'
    upstream.set_page("demo", f"<title>Links for demo</title>{link}".encode(), "text/html")
    upstream.behave("/packages/", Portal(), times=1)
    proxy = await start_proxy(upstream)

    assert (await ask(proxy, SIDECAR)).status == 502
    assert (await ask(proxy, SIDECAR)).body == METADATA
    await idle(proxy)
    assert (await ask(proxy, SIDECAR)).cache_status == "pyproxy; hit"


async def test_the_next_upstreams_copy_is_taken(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    for server in (upstream, other):
        server.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    upstream.behave("/packages/", Status(404))
    proxy = await start_proxy(upstream, other)

    answer = await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")

    assert (answer.status, answer.body, answer.upstream) == (200, METADATA, "second")


async def test_what_the_owner_of_the_page_advertised_is_found_when_another_has_the_wheel_too(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """The page came from the second upstream while the first, which offers no metadata, was down."""
    upstream.add_file("demo", FILENAME, CONTENT)
    other.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    upstream.behave("/simple/", Status(503))
    proxy = await start_proxy(upstream, other)
    link = await proxy.link("demo", FILENAME)
    upstream.clear_behaviours()
    clock.advance(600)
    await proxy.page("demo")

    assert (await ask(proxy, link + ".metadata")).body == METADATA


async def test_a_name_is_not_spoken_to_an_upstream_that_may_no_longer_be_asked(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(F18) Its old page is still known, but patterns leave the name out now."""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    other.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    proxy = await start_proxy(upstream, other)
    await proxy.page("demo")
    store = proxy.server.resources.upstreams
    store.change("first", UpstreamSettings(name="first", url=upstream.url, excluded_projects=("demo",)))
    await proxy.restart()
    upstream.requests.clear()

    answer = await ask(proxy, SIDECAR)

    assert (answer.body, answer.upstream, upstream.requests) == (METADATA, "second", [])
