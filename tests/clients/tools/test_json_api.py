"""PDM with ``pypi.json_api``: it takes what a release needs from the legacy JSON API instead of from its files."""

from __future__ import annotations

import tomllib

import pytest

from tests.http.legacy_documents import publish_with_document
from tests.upstream_server import UpstreamServer

from ..recorder import Recorder
from ..server import PyproxyServer
from ..upstream_thread import UpstreamThread
from .conftest import MakeTool
from .pdm import Pdm

pytestmark = pytest.mark.clients


def locked(user: Pdm) -> dict[str, str]:
    return {package["name"]: package["version"] for package in tomllib.loads(user.read("pdm.lock"))["package"]}


def test_pdm_locks_by_documents_made_from_metadata_files(
    hashes: dict[str, str], pyproxy: PyproxyServer, recorder: Recorder, make_tool: MakeTool
) -> None:
    """The upstream has no such documents (pain 37)."""
    user = make_tool(Pdm)
    user.begin(["greeting"], pyproxy.index_url)
    user.run("config", "pypi.json_api", "true").succeeded()
    user.run("lock").succeeded()

    assert locked(user) == {"greeting": "2.0", "words": "1.0"}
    paths = [asked.path for asked in recorder.asked]
    assert "/pypi/greeting/2.0/json" in paths
    assert not any(path.startswith("/files/") and path.endswith(".whl") for path in paths)


def test_pdm_locks_by_the_owners_documents(
    upstream: UpstreamThread, hashes: dict[str, str], pyproxy: PyproxyServer, make_tool: MakeTool
) -> None:
    """Its ``info`` counts, not the files' own metadata (pain 37)."""

    def publish(server: UpstreamServer) -> None:
        said = publish_with_document(server, "told", "1.0")
        said["info"]["requires_dist"] = ["words"]
        server.set_json("told/1.0", said)

    upstream.apply(publish)
    user = make_tool(Pdm)
    user.begin(["told"], pyproxy.index_url)
    user.run("config", "pypi.json_api", "true").succeeded()
    user.run("lock").succeeded()

    assert locked(user) == {"told": "1.0", "words": "1.0"}
