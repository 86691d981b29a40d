"""Hatch through pyproxy: environments filled by pip and by uv, and a build whose backend comes from the index."""

from __future__ import annotations

import pytest

from .. import venvs
from ..recorder import Recorder
from ..server import PyproxyServer
from ..upstream_thread import UpstreamThread
from .catalogue import EXPECTED, lose
from .conftest import MakeTool
from .hatch import Hatch, variables
from .repacked import publish_installed

pytestmark = pytest.mark.clients


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_an_environment_is_made_cold_and_asks_the_upstream_nothing_when_warm(
    installer: str, upstream: UpstreamThread, hashes: dict[str, str], pyproxy: PyproxyServer, make_tool: MakeTool
) -> None:
    """With the upstream gone it works on stale pages (pain 3)."""
    asked = []
    for moment in ("cold", "warm", "gone"):
        if moment == "gone":
            lose(upstream, pyproxy)
        user = make_tool(Hatch, variables(pyproxy.index_url))
        user.begin(installer)
        user.run("env", "create").succeeded()
        assert user.installed() == EXPECTED
        asked.append(len(upstream.requests))
    assert asked[0] == asked[1]


def test_a_build_gets_its_backend_through_pyproxy(
    upstream: UpstreamThread, pyproxy: PyproxyServer, recorder: Recorder, make_tool: MakeTool
) -> None:
    backend = publish_installed(upstream, venvs.kept(venvs.HATCH), "hatchling")
    user = make_tool(Hatch, variables(pyproxy.index_url))
    user.begin("uv")
    user.write("consumer.py", "")
    user.run("build").succeeded()
    assert [path.suffix for path in user.built] == [".whl", ".gz"]
    fetched = {one.path.split("/")[2] for one in recorder.asked if one.path.endswith(".whl")}
    assert fetched == backend
