"""Files whose upstream lists no hash: the first sound download decides what the file is."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.recorded import RecordedHashes
from tests.distributions import make_sdist, make_wheel
from tests.http.administration import database_of, noticed
from tests.http.calls import address, ask, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock
from tests.upstream_server import Behaviour, Chunked, Empty, Hold, NoLength, Portal, Truncate, UpstreamServer
from tests.waiting import until

FILENAME, CONTENT, _ = make_wheel("demo", "1.0", size=200_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATH = f"/files/demo/{FILENAME}"


@pytest.mark.parametrize("html_only", [True, False])
async def test_the_first_download_is_recorded_and_listed_from_then_on(
    upstream: UpstreamServer, start_proxy: StartProxy, html_only: bool
) -> None:
    """(pain 25) The page's ETag changes with it."""
    upstream.html_only = html_only
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False, size=False)
    proxy = await start_proxy(upstream)
    before = await ask(proxy, "/simple/demo/")

    assert await proxy.link("demo", FILENAME) == PATH
    answer = await ask(proxy, PATH)
    await idle(proxy)
    after = await ask(proxy, "/simple/demo/", {"If-None-Match": before.headers["Etag"]})

    assert (answer.status, answer.body, answer.headers["Cache-Control"]) == (200, CONTENT, "no-cache")
    assert after.status == 200
    assert after.headers["Etag"] != before.headers["Etag"]
    [entry] = (await proxy.page("demo"))["files"]
    assert entry["hashes"] == {"sha256": SHA256}
    assert await proxy.link("demo", FILENAME) == address("demo", FILENAME, CONTENT)
    for path in (PATH, address("demo", FILENAME, CONTENT)):
        again = await ask(proxy, path)
        assert (again.body, again.cache_status, again.headers["Etag"]) == (CONTENT, "pyproxy; hit", f'"{SHA256}"')
    assert upstream.count("/packages/") == 1


async def test_another_content_later_is_refused_and_reported(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """(pain 25) Evicting the file does not forget what it was."""
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False)
    proxy = await start_proxy(upstream)
    await ask(proxy, PATH)
    await idle(proxy)
    (proxy.files_directory / SHA256[:2] / SHA256).unlink()
    _, changed, _ = make_wheel("demo", "1.0", files={"demo/extra.py": b"evil"}, size=190_000)
    upstream.add_file("demo", FILENAME, changed, sha256=False)
    clock.advance(600)

    for path in (PATH, address("demo", FILENAME, CONTENT)):
        answer = await ask(proxy, path)
        assert answer.broken if answer.status == 200 else answer.status == 502
    await idle(proxy)

    assert "content changed upstream" in caplog.text
    assert proxy.kept() == []
    assert [entry["hashes"] for entry in (await proxy.page("demo"))["files"]] == [{"sha256": SHA256}]


async def test_a_small_changed_file_says_so_to_the_client(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    filename, content = make_sdist("demo", "2.0")
    upstream.add_file("demo", filename, content, sha256=False, size=False)
    proxy = await start_proxy(upstream)
    await ask(proxy, f"/files/demo/{filename}")
    await idle(proxy)
    sha256 = hashlib.sha256(content).hexdigest()
    (proxy.files_directory / sha256[:2] / sha256).unlink()
    upstream.add_file("demo", filename, make_sdist("demo", "2.1")[1], sha256=False, size=False)

    answer = await ask(proxy, address("demo", filename, content))

    assert (answer.status, "content changed upstream" in answer.json()["title"]) == (502, True)


@pytest.mark.parametrize(
    "behaviour",
    [Portal(), Empty(), Truncate(100_000), Truncate(100_000, content_length=False), Chunked(100_000)],
    ids=str,
)
async def test_what_is_not_what_its_name_says_is_neither_kept_nor_recorded(
    upstream: UpstreamServer, start_proxy: StartProxy, behaviour: Behaviour
) -> None:
    """(F19) (F2) (pain 1) (pain 13)"""
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False, size=False)
    upstream.behave("/packages/", behaviour, times=1)
    proxy = await start_proxy(upstream)

    bad = await ask(proxy, PATH)
    await idle(proxy)

    assert bad.broken if bad.status == 200 else bad.status == 502
    assert proxy.kept() == []
    assert [entry["hashes"] for entry in (await proxy.page("demo"))["files"]] == [{}]
    assert (await ask(proxy, PATH)).body == CONTENT


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
async def test_without_hash_and_length_a_sound_file_is_served(
    upstream: UpstreamServer, start_proxy: StartProxy, version: str
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False, size=False)
    upstream.behave("/packages/", NoLength())
    proxy = await start_proxy(upstream)

    answer = await ask(proxy, PATH, version=version)

    assert (answer.status, answer.body, answer.broken) == (200, CONTENT, None)


async def test_an_md5_alone_is_verified(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(pain 25)"""
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False, md5=True)
    _, changed, _ = make_wheel("demo", "1.0", files={"demo/extra.py": b"evil"}, size=200_000)
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    upstream.projects["demo"][FILENAME] = upstream.file(
        FILENAME, changed, "demo", {**OPTIONS, "sha256": False, "md5": True}
    )

    bad = await ask(proxy, PATH)

    assert bad.broken if bad.status == 200 else bad.status == 502
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False, md5=True)
    assert (await ask(proxy, PATH)).body == CONTENT
    await idle(proxy)
    [entry] = (await proxy.page("demo"))["files"]
    assert entry["hashes"] == {"sha256": SHA256, "md5": hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()}


async def test_head_of_an_unhashed_file_asks_for_no_bytes(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False, size=False)
    proxy = await start_proxy(upstream)

    answer = await ask(proxy, PATH, method="HEAD")

    assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(CONTENT)))
    assert upstream.count("/packages/", "GET") == 0


@pytest.mark.parametrize("method", ["HEAD", "GET"])
async def test_head_never_says_a_size_that_get_does_not(
    upstream: UpstreamServer, start_proxy: StartProxy, method: str
) -> None:
    """Nobody tells the size: what comes of the download does, also for HEAD."""
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False, size=False)
    upstream.behave("/packages/", Chunked())
    proxy = await start_proxy(upstream)

    answer = await ask(proxy, PATH, method=method)

    assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(CONTENT)) if method == "HEAD" else None)


async def test_another_worker_lists_the_recorded_hash_too(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """Also one that has decided about the page before, and considers that fresh"""
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False)
    proxy = await start_proxy(upstream)
    await proxy.page("demo")

    with database_of(proxy) as database:
        stored = proxy.server.resources.upstreams.get("first")
        await RecordedHashes(database).record(stored.id, NormalizedName("demo"), FILENAME, SHA256)

    priority = proxy.server.services.repository.priority  # type: ignore[attr-defined]
    await until(lambda: priority.warm(NormalizedName("demo")) is None)
    assert await proxy.link("demo", FILENAME) == address("demo", FILENAME, CONTENT)
    assert upstream.count("/simple/demo/") == 1


async def test_a_hash_is_listed_although_the_settings_changed_during_the_download(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False)
    hold = Hold(asyncio.Event(), after=1000)
    upstream.behave("/packages/", hold)
    proxy = await start_proxy(upstream)
    asking = asyncio.ensure_future(ask(proxy, PATH))
    await hold.reached.wait()
    await noticed(proxy, lambda store: store.add(UpstreamSettings(name="later", url="https://example.org/")))
    assert await proxy.link("demo", FILENAME) == PATH

    hold.event.set()
    await asking

    priority = proxy.server.services.repository.priority  # type: ignore[attr-defined]
    await until(lambda: priority.warm(NormalizedName("demo")) is None)
    assert await proxy.link("demo", FILENAME) == address("demo", FILENAME, CONTENT)


async def test_nobody_joins_a_download_from_where_the_upstream_was_before(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Its URL has been changed while a file of the same name was arriving from the old one."""
    _, changed, _ = make_wheel("demo", "1.0", size=100_000)
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False)
    other.add_file("demo", FILENAME, changed, sha256=False)
    hold = Hold(asyncio.Event(), after=1000)
    upstream.behave("/packages/", hold)
    proxy = await start_proxy(upstream)
    asking = asyncio.ensure_future(ask(proxy, PATH))
    await hold.reached.wait()
    await noticed(proxy, lambda store: store.change("first", UpstreamSettings(name="first", url=other.url)))

    answer = await ask(proxy, PATH)

    assert (answer.status, answer.body) == (200, changed)
    hold.event.set()
    assert (await asking).body == CONTENT


async def test_a_recorded_file_is_fetched_by_its_hash_after_a_restart(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False)
    proxy = await start_proxy(upstream)
    await ask(proxy, PATH)
    await proxy.restart()
    (proxy.files_directory / SHA256[:2] / SHA256).unlink()

    answer = await ask(proxy, address("demo", FILENAME, CONTENT))

    assert (answer.status, answer.body) == (200, CONTENT)


OPTIONS = dict.fromkeys(("metadata", "requires_python", "upload_time", "url")) | {"size": True, "yanked": False}


async def test_a_purge_in_between_is_no_word_about_the_file(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """The decision for the project is still at hand while its page has gone already: it is made anew."""
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False)
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    await proxy.server.resources.pages.purge(NormalizedName("demo"))

    answer = await ask(proxy, PATH)

    assert (answer.status, answer.body) == (200, CONTENT)
