"""pip-tools through pyproxy: compile with hashes, and install what was compiled."""

from __future__ import annotations

import hashlib
import shutil

import pytest

from tests.distributions import make_wheel

from ..conftest import MakeClient
from ..recorder import Recorder
from ..server import PyproxyServer
from ..upstream_thread import UpstreamThread
from .catalogue import EXPECTED, lose
from .conftest import MakeTool
from .pip_tools import PipTools

pytestmark = pytest.mark.clients


def test_compiling_is_the_same_cold_warm_and_with_the_upstream_gone(
    upstream: UpstreamThread, hashes: dict[str, str], pyproxy: PyproxyServer, make_tool: MakeTool
) -> None:
    """Warm, the upstream is asked nothing; gone, stale pages do (pain 3)."""
    results, asked = [], []
    for moment in ("cold", "warm", "gone"):
        if moment == "gone":
            lose(upstream, pyproxy)
        user = make_tool(PipTools)
        user.compile(pyproxy.index_url, "greeting", "bare").succeeded()
        results.append(user.read("requirements.txt"))
        asked.append(len(upstream.requests))
    assert results[0] == results[1] == results[2]
    assert asked[0] == asked[1]
    assert f"--index-url {pyproxy.index_url}\n" in results[0]
    pins = [line.removesuffix(" \\") for line in results[0].splitlines() if "==" in line]
    assert pins == ["bare==1.0", "greeting==2.0", "words==1.0"]
    assert {line.strip() for line in results[0].splitlines() if "--hash" in line} == {
        f"--hash=sha256:{sha256}" for sha256 in hashes.values()
    }


def test_hashes_of_wheels_for_other_machines_are_read_without_downloading_these(
    upstream: UpstreamThread, pyproxy: PyproxyServer, recorder: Recorder, make_tool: MakeTool
) -> None:
    """pip-tools asks for the legacy JSON document, at the server's root, and compares file URLs (pain 37)."""
    ours = upstream.publish_wheel("words", "1.0")
    filename, theirs, metadata = make_wheel("words", "1.0", tags="cp311-cp311-win_amd64")
    upstream.apply(lambda server: server.add_file("words", filename, theirs, metadata=metadata))
    user = make_tool(PipTools)
    user.compile(pyproxy.index_url, "words").succeeded()
    for content in (ours, theirs):
        assert f"--hash=sha256:{hashlib.sha256(content).hexdigest()}" in user.read("requirements.txt")
    documents = [(one.path, one.status) for one in recorder.asked if one.path.endswith("/json")]
    assert documents == [("/words/json", 302), ("/pypi/words/json", 200)]
    assert not [one.path for one in recorder.asked if one.path.endswith("win_amd64.whl")]


def test_what_was_compiled_installs_from_an_empty_cache(
    hashes: dict[str, str], pyproxy: PyproxyServer, make_tool: MakeTool, make_client: MakeClient
) -> None:
    """(pain 25)"""
    user = make_tool(PipTools)
    user.compile(pyproxy.index_url, "greeting", "bare").succeeded()
    pyproxy.stop()
    shutil.rmtree(pyproxy.storage)
    pyproxy.start()
    client = make_client()
    client.pip_install(pyproxy.index_url, "--require-hashes", "-r", str(user.project / "requirements.txt")).succeeded()
    assert client.target.installed() == EXPECTED
