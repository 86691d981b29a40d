"""pipenv through pyproxy: as a mirror of the public index and as a source of its own."""

from __future__ import annotations

import json
import shutil

import pytest

from ..recorder import Recorder
from ..server import PyproxyServer
from ..upstream_thread import UpstreamThread
from .catalogue import EXPECTED, lose
from .conftest import MakeTool
from .pipenv import Pipenv

pytestmark = pytest.mark.clients


def test_as_a_mirror_it_locks_cold_and_asks_the_upstream_nothing_when_warm(
    upstream: UpstreamThread, hashes: dict[str, str], pyproxy: PyproxyServer, make_tool: MakeTool
) -> None:
    """With the upstream gone it works on stale pages (pain 3)."""
    mirror = f"{pyproxy.url}/simple"
    first = make_tool(Pipenv)
    first.begin()
    first.run("install", "--pypi-mirror", mirror).succeeded()
    assert first.installed() == EXPECTED
    asked = len(upstream.requests)

    by_variable = {"PIPENV_PYPI_MIRROR": mirror}
    second = make_tool(Pipenv, by_variable)
    second.begin()
    second.run("install").succeeded()
    assert second.installed() == EXPECTED
    assert len(upstream.requests) == asked

    lose(upstream, pyproxy)
    third = make_tool(Pipenv, by_variable)
    third.begin()
    third.run("install").succeeded()
    assert third.installed() == EXPECTED
    assert third.read("Pipfile.lock") == second.read("Pipfile.lock")


@pytest.mark.parametrize("slash", ["", "/"], ids=["without slash", "with slash"])
def test_a_lock_file_has_our_address_and_the_pages_hashes(
    slash: str, hashes: dict[str, str], pyproxy: PyproxyServer, recorder: Recorder, make_tool: MakeTool
) -> None:
    """pipenv reads them off the HTML page, at an address of its own making: the source's, ``/`` and the name."""
    user = make_tool(Pipenv)
    user.begin(f"{pyproxy.url}/simple{slash}")
    user.run("lock").succeeded()
    lock = json.loads(user.read("Pipfile.lock"))
    assert [source["url"] for source in lock["_meta"]["sources"]] == [f"{pyproxy.url}/simple{slash}"]
    locked = {name: package["hashes"] for name, package in lock["default"].items()}
    by_name = {filename.partition("-")[0]: [f"sha256:{sha256}"] for filename, sha256 in hashes.items()}
    assert locked == by_name
    assert [one.path for one in recorder.asked if one.path.endswith(".whl")] == []


def test_a_lock_file_installs_from_an_empty_cache(
    hashes: dict[str, str], pyproxy: PyproxyServer, make_tool: MakeTool
) -> None:
    """(pain 25)"""
    first = make_tool(Pipenv)
    first.begin(f"{pyproxy.url}/simple")
    first.run("lock").succeeded()
    pyproxy.stop()
    shutil.rmtree(pyproxy.storage)
    pyproxy.start()
    second = make_tool(Pipenv)
    second.check_out(first)
    second.run("sync").succeeded()
    assert second.installed() == EXPECTED
