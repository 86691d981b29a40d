"""What hides, shadows or replaces an upstream's page is told in words, and so it is for a client."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from pyproxy.admin.explanation.model import FileState, Role, State
from pyproxy.config.model import LocalConfig
from tests.distributions import make_wheel
from tests.http.calls import address, ask
from tests.http.conftest import StartProxy
from tests.http.explaining import explain, told
from tests.http.proxy import Clock
from tests.http.publishing import publish
from tests.upstream_server import UpstreamServer

FILENAME, CONTENT, _ = make_wheel("demo", "1.0")
PATH = address("demo", FILENAME, CONTENT)


async def test_a_local_project_hides_what_upstreams_have(
    upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    """(pain 5) It says so, for who wonders where the newer releases are."""
    publish(upstream, "demo", "9.0")
    local = tmp_path / "local"
    local.mkdir()
    proxy = await start_proxy(upstream)
    await ask(proxy, "/simple/demo/")
    (local / FILENAME).write_bytes(CONTENT)
    await proxy.stop()
    proxy.config = replace(proxy.config, local=LocalConfig(directory=local))
    await proxy.start()

    explanation = await explain(proxy, "demo", FILENAME)

    assert (explanation.state, explanation.owner, explanation.status) == (State.LOCAL, "local", 200)
    assert explanation.local_files == (FILENAME,)
    assert "demo is local" in told(explanation)
    assert "Hidden by the local files: 1 file that first lists" in told(explanation)
    assert explanation.file is not None
    assert (explanation.file.state, explanation.file.link) == (FileState.LOCAL, PATH)
    assert (await ask(proxy, PATH)).body == CONTENT
    assert (await ask(proxy, "/simple/demo/")).upstream == "local"


@pytest.mark.parametrize(("files", "status"), [({FILENAME: CONTENT}, 200), ({}, 503)])
async def test_a_local_file_that_cannot_be_read_is_named(
    files: dict[str, bytes], status: int, upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    local = tmp_path / "local"
    local.mkdir()
    for filename, content in {**files, "demo-2.0-py3-none-any.whl": b"nonsense"}.items():
        (local / filename).write_bytes(content)
    proxy = await start_proxy(upstream, local=local)

    explanation = await explain(proxy, "demo")

    assert (await ask(proxy, "/simple/demo/")).status == explanation.status == status
    assert list(explanation.unreadable) == ["demo-2.0-py3-none-any.whl"]
    assert "demo-2.0-py3-none-any.whl is NOT listed: it is no readable wheel" in told(explanation)
    assert ("Clients get 503" in told(explanation)) is (status == 503)


async def test_a_pipe_among_the_local_files_is_not_waited_for(
    upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / FILENAME)
    proxy = await start_proxy(upstream, local=tmp_path)
    assert (await explain(proxy, "demo")).unreadable == {FILENAME: "it is no file that can be read"}


async def test_an_upstream_after_the_owner_is_told_with_what_it_hides(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """(pain 5) Shadowed: the public index has a newer release of the same name."""
    publish(other, "demo", "9.0")
    proxy = await start_proxy(upstream, other)
    await ask(proxy, "/simple/demo/")
    publish(upstream, "demo", "1.0")
    clock.advance(600)
    await ask(proxy, "/simple/demo/")

    explanation = await explain(proxy, "demo")

    assert [view.role for view in explanation.upstreams] == [Role.OWNER, Role.AFTER_OWNER]
    assert "Hidden by first: 1 file that second lists" in told(explanation)
    assert "Not asked: first comes first and has the project." in told(explanation)
    assert "the newest 9.0" in told(explanation)


async def test_offline_serves_what_is_known_and_says_what_is_not(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await ask(proxy, "/simple/demo/")
    await proxy.restart(offline=True)
    clock.advance(90 * 86400)

    known, unknown = await explain(proxy, "demo"), await explain(proxy, "other")

    assert (known.state, known.status, unknown.state, unknown.status) == (State.STALE, 200, State.OFFLINE, 503)
    assert "cache.offline is on" in told(known)
    assert (await ask(proxy, "/simple/demo/")).status == 200
    assert (await ask(proxy, "/simple/other/")).status == 503


async def test_another_spelling_is_the_same_project_and_is_said_so(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 28)"""
    proxy = await start_proxy(upstream)
    explanation = await explain(proxy, "My_Demo.X")
    assert explanation.project == "my-demo-x"
    assert "My_Demo.X is the same project: names are compared as my-demo-x." in told(explanation)
