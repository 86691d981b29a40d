"""Project pages are asked for as soon as metadata that requires them is (``repositories/look_ahead.py``)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from pyproxy.config.model import LocalConfig
from pyproxy.settings import UpstreamSettings
from tests.distributions import make_wheel
from tests.http.calls import ask
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock, Proxy
from tests.upstream_server import Hold, Status, UpstreamServer
from tests.waiting import until

REQUIRES = "Requires-Dist: Needed.One>=1\nRequires-Dist: needed-two\nRequires-Dist: windows; sys_platform == 'win32'\n"
NEEDED = ("/simple/needed-one/", "/simple/needed-two/")


@pytest.fixture(params=["offered", "read out of the wheel"])
def serving(request: pytest.FixtureRequest, upstream: UpstreamServer) -> UpstreamServer:
    """The upstream with a wheel that needs two others."""
    filename, content, metadata = make_wheel("demo", "1.0", metadata_extra=REQUIRES)
    upstream.add_file("demo", filename, content, metadata=metadata if request.param == "offered" else None)
    for project in ("needed-one", "needed-two"):
        upstream.add_file(project, *make_wheel(project, "1.0")[:2])
    return upstream


async def ask_for_metadata(proxy: Proxy) -> None:
    link = await proxy.link("demo", "demo-1.0-py3-none-any.whl")
    assert (await ask(proxy, f"{link}.metadata")).status == 200


async def known(proxy: Proxy, *projects: str) -> None:
    """Wait until the pages are at hand."""
    repository = proxy.server.services.repository
    await until(lambda: all(repository.at_hand(project) is not None for project in projects))


async def looking_ahead(serving: UpstreamServer, start_proxy: StartProxy) -> tuple[Proxy, Hold]:
    """A proxy that waits for a page which nobody has asked for, until the hold's event is set."""
    hold = Hold(asyncio.Event())
    serving.behave(NEEDED[0], hold)
    proxy = await start_proxy(serving)
    await ask_for_metadata(proxy)
    await hold.reached.wait()
    return proxy, hold


async def test_whoever_asks_for_a_page_next_finds_it_here(serving: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(serving)
    await ask_for_metadata(proxy)
    await known(proxy, "needed-one", "needed-two")

    answers = [await ask(proxy, path) for path in NEEDED]
    assert [(answer.status, answer.cache_status) for answer in answers] == [(200, "pyproxy; hit")] * 2
    assert [serving.count(path) for path in NEEDED] == [1, 1]
    assert serving.count("/simple/windows/") == 0, "it is not needed everywhere"


async def test_whoever_asks_while_a_page_is_on_its_way_joins(serving: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy, hold = await looking_ahead(serving, start_proxy)

    joining = asyncio.ensure_future(ask(proxy, NEEDED[0]))
    await until(lambda: proxy.server.services.requests.count == 1)
    hold.event.set()

    assert (await joining).status == 200
    assert serving.count(NEEDED[0]) == 1


async def test_pages_that_have_become_stale_are_asked_for_again(
    serving: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    proxy = await start_proxy(serving)
    await ask_for_metadata(proxy)
    await known(proxy, "needed-one", "needed-two")
    await ask_for_metadata(proxy)
    assert [serving.count(path) for path in NEEDED] == [1, 1]

    clock.advance(301)
    await ask_for_metadata(proxy)
    await known(proxy, "needed-one", "needed-two")
    assert [serving.count(path) for path in NEEDED] == [2, 2]


@pytest.mark.parametrize("settings", [{"look_ahead": False}, {"offline": True}])
async def test_switched_off_or_offline_nothing_is_asked_for(
    serving: UpstreamServer, start_proxy: StartProxy, settings: dict[str, bool]
) -> None:
    proxy = await start_proxy(serving, look_ahead=False)
    await ask_for_metadata(proxy)
    await proxy.restart(**settings)
    await ask_for_metadata(proxy)
    assert (await ask(proxy, "/simple/demo/")).status == 200
    assert [serving.count(path) for path in NEEDED] == [0, 0]


async def test_a_name_is_asked_for_only_where_it_belongs(
    serving: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Looking ahead leaks no more to a public index than installing does."""
    private = UpstreamSettings(name="private", url=other.url, projects=("needed-one",))
    other.add_file("needed-one", *make_wheel("needed-one", "2.0")[:2])
    proxy = await start_proxy(private, serving)
    await ask_for_metadata(proxy)
    await known(proxy, "needed-one", "needed-two")
    assert (other.count("/simple/"), other.count(NEEDED[0])) == (1, 1)
    assert [serving.count(path) for path in NEEDED] == [0, 1]


async def test_names_in_the_metadata_of_a_more_trusted_index_are_told_to_nobody(
    serving: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    other.add_file("public", *make_wheel("public", "1.0", metadata_extra="Requires-Dist: needed-two\n")[:2])
    proxy = await start_proxy(serving, other)
    await ask_for_metadata(proxy)
    link = await proxy.link("public", "public-1.0-py3-none-any.whl")
    assert (await ask(proxy, f"{link}.metadata")).status == 200
    await known(proxy, "needed-two")
    assert serving.count(NEEDED[0]) == other.count(NEEDED[0]) == 0


async def test_local_projects_are_not_asked_for(
    serving: UpstreamServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    filename, content, _ = make_wheel("needed-one", "9.0")
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / filename).write_bytes(content)
    proxy = await start_proxy(serving)
    await proxy.stop()
    proxy.config = replace(proxy.config, local=LocalConfig(directory=tmp_path / "local"))
    await proxy.start()
    await ask_for_metadata(proxy)
    await known(proxy, "needed-two")
    assert serving.count(NEEDED[0]) == 0


async def test_a_head_looks_ahead_at_nothing(serving: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(serving)
    link = await proxy.link("demo", "demo-1.0-py3-none-any.whl")
    assert (await ask(proxy, f"{link}.metadata", method="HEAD")).status == 200
    assert (await ask(proxy, "/simple/demo/")).status == 200
    assert [serving.count(path) for path in NEEDED] == [0, 0]


async def test_a_failing_page_takes_nothing_from_the_metadata(
    serving: UpstreamServer, start_proxy: StartProxy
) -> None:
    serving.behave(NEEDED[0], Status(500))
    proxy = await start_proxy(serving)
    await ask_for_metadata(proxy)
    await known(proxy, "needed-two")
    await serving.requested(NEEDED[0])
    assert (await ask(proxy, NEEDED[0])).status == 502


async def test_a_server_may_stop_while_it_looks_ahead(serving: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy, hold = await looking_ahead(serving, start_proxy)
    await proxy.stop()
    hold.event.set()
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("look ahead")] == []
