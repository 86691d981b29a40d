"""Whatever a page links, its file can be had: for every order of upstreams with overlapping projects."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import AsyncIterator
from urllib.parse import urljoin

import pytest
from tornado.ioloop import IOLoop

from pyproxy.settings import UpstreamSettings
from tests.distributions import make_sdist, make_wheel
from tests.http.calls import ask, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.upstream_server import UpstreamServer

NAMES = ("a", "b", "c")
HAVE = {
    "only-a": "a",
    "only-c": "c",
    "a-and-b": "ab",
    "b-and-c": "bc",
    "everywhere": "abc",
}


@pytest.fixture
def servers(io_loop: IOLoop) -> AsyncIterator[dict[str, UpstreamServer]]:
    started = {name: io_loop.run_sync(UpstreamServer.start) for name in NAMES}
    for project, holders in HAVE.items():
        for name in holders:
            _publish(started[name], project, name)
    yield started  # type: ignore[misc]
    for server in started.values():
        io_loop.run_sync(server.stop)


def _publish(server: UpstreamServer, project: str, name: str) -> None:
    """The same 1.0 everywhere, an own 2.0 of one name, an own release, and one file without a hash."""
    same, same_content, metadata = make_wheel(project, "1.0")
    server.add_file(project, same, same_content, metadata=metadata if name != "b" else None)
    differs, content, metadata = make_wheel(project, "2.0", files={f"{name}.txt": name.encode()})
    server.add_file(project, differs, content, metadata=metadata)
    own, content = make_sdist(project, f"3.0+{name}")
    server.add_file(project, own, content, size=name != "c")
    bare, content = make_sdist(project, f"4.{NAMES.index(name)}")
    server.add_file(project, bare, content, sha256=False)


@pytest.mark.parametrize("order", list(itertools.permutations(NAMES)), ids="".join)
async def test_every_link_of_every_page_can_be_had(
    servers: dict[str, UpstreamServer], start_proxy: StartProxy, order: tuple[str, ...]
) -> None:
    """(F20) (F22) (check 56) HEAD before, GET, HEAD after; advertised metadata as well."""
    proxy = await start_proxy(*(UpstreamSettings(name=name, url=servers[name].url) for name in order))

    for project, holders in HAVE.items():
        owner = next(name for name in order if name in holders)
        page = await proxy.page(project)
        assert {entry["filename"] for entry in page["files"]} == set(servers[owner].projects[project])
        for entry in page["files"]:
            await _can_be_had(proxy, project, entry, servers[owner].projects[project][entry["filename"]].content)
    await idle(proxy)


async def _can_be_had(proxy: Proxy, project: str, entry: dict[str, object], content: bytes) -> None:
    path = urljoin(f"/simple/{project}/", str(entry["url"]))
    assert (await ask(proxy, path, method="HEAD")).status == 200
    advertised = entry.get("core-metadata")
    if isinstance(advertised, dict):
        sidecar = await ask(proxy, path + ".metadata")
        assert sidecar.status == 200
        assert hashlib.sha256(sidecar.body).hexdigest() == advertised["sha256"]
    answer = await ask(proxy, path)
    assert (answer.status, answer.body) == (200, content)
    assert (await ask(proxy, path, method="HEAD")).headers["Content-Length"] == str(len(content))
