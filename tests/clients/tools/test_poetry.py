"""Poetry through pyproxy: add, lock and install, and its way of reading a wheel's end."""

from __future__ import annotations

import shutil
import tomllib
from datetime import UTC, datetime, timedelta

import pytest

from ..recorder import Recorder
from ..server import PyproxyServer
from ..upstream_thread import UpstreamThread
from .catalogue import EXPECTED, lose
from .conftest import MakeTool
from .poetry import Poetry

pytestmark = pytest.mark.clients

WANTED = ("greeting>=1", "bare")


def test_a_project_is_set_up_cold_and_asks_the_upstream_nothing_when_warm(
    upstream: UpstreamThread, hashes: dict[str, str], pyproxy: PyproxyServer, make_tool: MakeTool
) -> None:
    """With the upstream gone it works on stale pages (pain 3)."""
    first = make_tool(Poetry)
    first.begin()
    first.run("source", "add", "--priority=primary", "pyproxy", pyproxy.index_url).succeeded()
    first.run("add", *WANTED).succeeded()
    assert first.installed() == EXPECTED
    asked = len(upstream.requests)

    second = make_tool(Poetry)
    second.begin(WANTED, pyproxy.index_url)
    second.run("install").succeeded()
    assert second.installed() == EXPECTED
    assert len(upstream.requests) == asked

    lose(upstream, pyproxy)
    third = make_tool(Poetry)
    third.begin(WANTED, pyproxy.index_url)
    third.run("install").succeeded()
    assert third.installed() == EXPECTED
    assert third.read("poetry.lock") == second.read("poetry.lock")


def test_a_lock_file_has_our_address_and_hashes_and_installs_from_an_empty_cache(
    hashes: dict[str, str], pyproxy: PyproxyServer, make_tool: MakeTool
) -> None:
    """(pain 25)"""
    first = make_tool(Poetry)
    first.begin(WANTED, pyproxy.index_url)
    first.run("lock").succeeded()
    packages = tomllib.loads(first.read("poetry.lock"))["package"]
    assert {package["source"]["url"] for package in packages} == {f"{pyproxy.url}/simple"}
    files = {file["file"]: file["hash"] for package in packages for file in package["files"]}
    assert files == {filename: f"sha256:{sha256}" for filename, sha256 in hashes.items()}

    pyproxy.stop()
    shutil.rmtree(pyproxy.storage)
    pyproxy.start()
    second = make_tool(Poetry)
    second.check_out(first)
    second.run("install").succeeded()
    assert second.installed() == EXPECTED


def test_a_yanked_release_is_locked_only_when_pinned_and_says_why(
    hashes: dict[str, str], pyproxy: PyproxyServer, make_tool: MakeTool
) -> None:
    """(check 22)"""
    user = make_tool(Poetry)
    user.begin(["greeting==3.0"], pyproxy.index_url)
    run = user.run("lock").succeeded()
    assert "speaks nonsense" in run.text


@pytest.mark.parametrize("padding", [2_000_000, 20_000_000], ids=["below whole_file_below", "above"])
def test_metadata_of_a_wheel_without_metadata_file_is_a_suffix_range(
    padding: int, upstream: UpstreamThread, pyproxy: PyproxyServer, recorder: Recorder, make_tool: MakeTool
) -> None:
    """(F27, pain 11)"""
    pyproxy.restart_with(cache={"extract_metadata": False})
    upstream.publish_wheel("words", "1.0")
    upstream.publish_wheel("big", "1.0", requires=["words"], padding=padding, metadata=None)
    user = make_tool(Poetry)
    user.begin(["big"], pyproxy.index_url)
    user.run("lock").succeeded()
    assert 'name = "words"' in user.read("poetry.lock")
    (first, *others) = [one for one in recorder.asked if "big-1.0" in one.path]
    assert (first.method, first.headers["range"], first.status) == ("GET", "bytes=-10000", 206)
    assert first.body_bytes + sum(one.body_bytes for one in others) < 64 * 1024


@pytest.mark.parametrize(("age", "version"), [("7", "1.0"), ("0", "2.0")])
def test_the_minimum_age_of_releases_sees_the_upstreams_upload_times(
    age: str, version: str, upstream: UpstreamThread, pyproxy: PyproxyServer, make_tool: MakeTool
) -> None:
    """(check 85, pain 7)"""
    upstream.publish_wheel("words", "1.0")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    upstream.publish_wheel("words", "2.0", upload_time=yesterday.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    user = make_tool(Poetry, {"POETRY_SOLVER_MIN_RELEASE_AGE": age})
    user.begin(["words"], pyproxy.index_url)
    user.run("lock").succeeded()
    assert [package["version"] for package in tomllib.loads(user.read("poetry.lock"))["package"]] == [version]
