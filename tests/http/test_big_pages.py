"""Pages of thousands of files: fetched once, worked on beside the event loop, served from memory."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import json
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from types import FrameType
from typing import Any

from pyproxy.repositories.rendering import RenderedPages
from pyproxy.repositories.workshop import Workshop
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.negotiate import Format
from pyproxy.simple.work import prepare
from pyproxy.storage.pages import PageKey
from tests.distributions import make_wheel
from tests.http.calls import address, ask
from tests.http.conftest import StartProxy
from tests.http.proxy import HTML, JSON, Clock, Proxy
from tests.http.wire import RawAnswer, get_raw
from tests.upstream_server import Hold, UpstreamServer
from tests.waiting import LIMIT_SECONDS

FILES = 20_000
ACCEPT_JSON = f"Accept: {JSON}\r\n".encode()


def big_page(files: int = FILES) -> bytes:
    entries = [
        {"filename": f"demo-{n}.tar.gz", "url": f"/f/demo-{n}.tar.gz", "hashes": {"sha256": f"{n:064x}"}, "size": n}
        for n in range(files)
    ]
    return json.dumps({"meta": {"api-version": "1.1"}, "name": "demo", "versions": [], "files": entries}).encode()


async def ask_at_once(proxy: Proxy, upstream: UpstreamServer, clients: int, headers: bytes) -> list[RawAnswer]:
    """The answers to clients that all came while the upstream was still thinking."""
    event = asyncio.Event()
    upstream.behave("/simple/", Hold(event), times=1)
    asking = asyncio.gather(*(get_raw(proxy.port, b"/simple/demo/", headers=headers) for _ in range(clients)))
    async with asyncio.timeout(LIMIT_SECONDS):
        while proxy.server.services.requests.count < clients:  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.01)
    event.set()
    return await asking


@contextlib.contextmanager
def counting_disk_calls() -> Iterator[Counter[str]]:
    """Counts statements of SQLite and looks at the file system, on this thread and on new ones."""
    counted: Counter[str] = Counter()

    def note(frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and called.__name__ in ("execute", "executemany", "stat", "lstat", "open", "scandir"):
            counted[called.__name__] += 1

    before = sys.getprofile()
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield counted
    finally:
        sys.setprofile(before)
        threading.setprofile(None)


async def test_a_cold_big_page_is_fetched_and_rendered_once_for_all_who_ask(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """And in another process: a thread would hold the interpreter's lock for too long (pain 2, pain 16)."""
    upstream.set_page("demo", big_page(), JSON)
    proxy = await start_proxy(upstream, lookup_timeout=LIMIT_SECONDS)
    answers = await ask_at_once(proxy, upstream, 50, ACCEPT_JSON + b"Accept-Encoding: gzip\r\n")
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert upstream.count("/simple/demo/") == 1
    assert proxy.server.services.workshop.runs == {("prepare", "process"): 1, ("render", "process"): 1}

    page = await proxy.page("demo")
    assert len(page["files"]) == FILES
    assert proxy.server.services.workshop.runs["render", "process"] == 1


async def test_a_warm_big_page_costs_no_work(upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock) -> None:
    """Also after its refresh with a 304 (pain 16)."""
    upstream.set_page("demo", big_page(3000), JSON)
    proxy = await start_proxy(upstream, lookup_timeout=LIMIT_SECONDS)
    await proxy.page("demo")
    done = proxy.server.services.workshop.runs.copy()
    for _ in range(3):
        await proxy.page("demo")
        clock.advance(301)
        await proxy.page("demo")
    assert upstream.count("/simple/demo/") == 4
    assert proxy.server.services.workshop.runs == done


async def test_pages_of_an_install_stay_in_memory_as_installers_take_them(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Compressed: of the plain ones two would have no room beside each other (S7)."""
    projects = [NormalizedName(f"demo{number}") for number in range(3)]
    for project in projects:
        upstream.set_page(project, big_page(300).replace(b'"demo"', b'"%s"' % project.encode()), JSON)
    proxy = await start_proxy(upstream, lookup_timeout=LIMIT_SECONDS)
    repository, workshop = proxy.server.services.repository, Workshop()
    pages = [await repository.get_project_detail(project) for project in projects]
    plain = await RenderedPages(workshop).get(pages[0], Format.JSON_V1, gzip=False)
    workshop.runs.clear()

    rendered = RenderedPages(workshop, memory_limit=2 * len(plain.body))
    for _ in range(2):
        for page in pages:
            packed = await rendered.get(page, Format.JSON_V1, gzip=True)
            assert gzip.decompress(packed.body) != packed.body
    assert sum(count for (name, _), count in workshop.runs.items() if name == "render") == len(pages)

    unpacked = await rendered.get(pages[0], Format.JSON_V1, gzip=False)
    assert unpacked == plain
    assert rendered.at_hand(pages[0], Format.JSON_V1, gzip=False) is unpacked
    assert sum(count for (name, _), count in workshop.runs.items() if name == "render") == len(pages)
    workshop.close()


async def test_a_big_page_refreshed_without_change_is_not_rendered_again(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """Its upstream knows no ETag, so the page comes again, but what comes is what is here."""
    upstream.no_etag = True
    upstream.set_page("demo", big_page(3000), JSON)
    proxy = await start_proxy(upstream, lookup_timeout=LIMIT_SECONDS)
    await proxy.page("demo")
    clock.advance(301)
    await proxy.page("demo")
    assert upstream.count("/simple/demo/") == 2
    assert sum(count for (name, _), count in proxy.server.services.workshop.runs.items() if name == "render") == 1


async def test_a_big_page_takes_no_more_of_the_disk_than_a_small_one(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Cold and warm, also with a cached file: nothing is looked up for each file that is listed (F30)."""
    filename, content, _ = make_wheel("demo", "1.0")
    for project, files in (("small", 5), ("large", 40_000)):
        page = json.loads(big_page(files))
        upstream.add_file(project, filename, content)
        url = f"{upstream.url}{upstream.file_path(project, filename)}"
        sha256 = hashlib.sha256(content).hexdigest()
        page["files"].append({"filename": filename, "url": url, "hashes": {"sha256": sha256}})
        upstream.set_page(project, json.dumps({**page, "name": project}).encode(), JSON)
    proxy = await start_proxy(upstream, lookup_timeout=LIMIT_SECONDS)
    calls = {}
    for project in ("small", "large"):
        with counting_disk_calls() as counted:
            for _ in ("cold", "warm"):
                assert (await ask(proxy, f"/simple/{project}/", {"Accept": JSON})).status == 200
                assert (await ask(proxy, address(project, filename, content))).body == content
        calls[project] = sum(counted.values())
    assert 0 < calls["small"] < 200
    assert calls["large"] < calls["small"] + 500, "the start of the process for big pages takes some"


async def test_small_pages_are_worked_on_at_once(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content)
    proxy = await start_proxy(upstream, lookup_timeout=LIMIT_SECONDS)
    await proxy.page("demo")
    assert proxy.server.services.workshop.runs == {("prepare", "inline"): 1, ("render", "inline"): 1}


async def test_fifty_clients_of_a_small_cold_page_make_one_request(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 59, pain 2)"""
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content)
    proxy = await start_proxy(upstream, lookup_timeout=LIMIT_SECONDS)
    answers = await ask_at_once(proxy, upstream, 50, ACCEPT_JSON)
    assert {answer.status for answer in answers} == {200}
    assert upstream.count("/simple/demo/") == 1


async def test_a_page_replaced_by_another_process_is_decided_anew(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """The decision kept here is fresh, but the body it names was replaced by another worker's newer one."""
    upstream.set_page("demo", big_page(1), JSON)
    proxy = await start_proxy(upstream, lookup_timeout=LIMIT_SECONDS)
    await proxy.page("demo")

    resources = proxy.server.resources
    stored = resources.upstreams.list()[0]
    prepared = prepare(big_page(2), JSON, f"{upstream.index_url}demo/", NormalizedName("demo"))
    await resources.pages.put_page(
        PageKey(stored.id, stored.generation),
        NormalizedName("demo"),
        tag=prepared.tag,
        body_z=prepared.canonical_z,
        etag=None,
        last_modified=None,
        url=f"{upstream.index_url}demo/",
        checked_at=clock(),
    )
    answer = await proxy.get("/simple/demo/", {"Accept": HTML})
    assert answer.status == 200
    assert answer.body.count(b"<a ") == 2
    assert len((await proxy.page("demo"))["files"]) == 2
