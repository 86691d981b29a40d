"""PDM through pyproxy: add, lock and install."""

from __future__ import annotations

import shutil
import tomllib

import pytest

from ..recorder import Recorder
from ..server import PyproxyServer
from ..upstream_thread import UpstreamThread
from .catalogue import EXPECTED, lose
from .conftest import MakeTool
from .pdm import Pdm

pytestmark = pytest.mark.clients

WANTED = ("greeting", "bare")


def test_a_project_is_set_up_cold_and_asks_the_upstream_nothing_when_warm(
    upstream: UpstreamThread, hashes: dict[str, str], pyproxy: PyproxyServer, make_tool: MakeTool
) -> None:
    """With the upstream gone it works on stale pages (pain 3)."""
    first = make_tool(Pdm)
    first.begin()
    first.run("config", "pypi.url", pyproxy.index_url).succeeded()
    first.run("add", *WANTED).succeeded()
    assert first.installed() == EXPECTED
    asked = len(upstream.requests)

    second = make_tool(Pdm)
    second.begin(WANTED, pyproxy.index_url)
    second.run("install").succeeded()
    assert second.installed() == EXPECTED
    assert len(upstream.requests) == asked

    lose(upstream, pyproxy)
    third = make_tool(Pdm)
    third.begin(WANTED, pyproxy.index_url)
    third.run("install").succeeded()
    assert third.installed() == EXPECTED
    assert third.read("pdm.lock") == second.read("pdm.lock")


def test_a_lock_file_with_our_addresses_installs_from_an_empty_cache_without_the_pages(
    hashes: dict[str, str], pyproxy: PyproxyServer, recorder: Recorder, make_tool: MakeTool
) -> None:
    """The file addresses in a lock file are stable: they work on a server that has never seen the project (pain 25)."""
    first = make_tool(Pdm)
    first.begin(WANTED, pyproxy.index_url)
    first.run("lock", "--static-urls").succeeded()
    files = [file for package in tomllib.loads(first.read("pdm.lock"))["package"] for file in package["files"]]
    prefix = f"{pyproxy.url}/files/"
    assert {file["url"].rpartition("/")[2]: file["hash"] for file in files if file["url"].startswith(prefix)} == {
        filename: f"sha256:{sha256}" for filename, sha256 in hashes.items()
    }

    pyproxy.stop()
    shutil.rmtree(pyproxy.storage)
    pyproxy.start()
    recorder.take()
    second = make_tool(Pdm)
    second.check_out(first)
    second.run("sync").succeeded()
    assert second.installed() == EXPECTED
    assert {one.path.split("/")[1] for one in recorder.asked} == {"files"}


def test_a_yanked_release_is_locked_only_when_pinned(
    hashes: dict[str, str], pyproxy: PyproxyServer, make_tool: MakeTool
) -> None:
    """(check 22)"""
    user = make_tool(Pdm)
    user.begin(["greeting==3.0"], pyproxy.index_url)
    user.run("lock").succeeded()
    locked = {package["name"]: package["version"] for package in tomllib.loads(user.read("pdm.lock"))["package"]}
    assert locked == {"greeting": "3.0", "words": "1.0"}
