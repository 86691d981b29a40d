"""What was fetched ahead installs with the upstream gone: by uv from its lock, by pip from a file with hashes."""

from __future__ import annotations

import pytest

from .conftest import MakeClient
from .server import PyproxyServer
from .upstream_thread import UpstreamThread
from .venvs import Venv

pytestmark = pytest.mark.clients

GREETING = {"greeting": "2.0", "words": "1.0"}


@pytest.fixture
def greeting(upstream: UpstreamThread) -> UpstreamThread:
    """``greeting`` 2.0, which needs ``words``, of which there is an sdist, too."""
    upstream.publish_wheel("words", "1.0")
    upstream.publish_sdist("words", "1.0")
    upstream.publish_wheel("greeting", "2.0", requires=["words>=1"])
    return upstream


def prefetch(pyproxy: PyproxyServer, *arguments: str) -> str:
    done = pyproxy.run("prefetch", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_uv_syncs_from_its_lock(greeting: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient) -> None:
    client = make_client()
    client.uv_lock(pyproxy.index_url, ["greeting"]).succeeded()
    assert "2 fetched" in prefetch(pyproxy, "-r", str(client.project / "uv.lock"))
    greeting.stop()

    client.uv_sync_frozen(pyproxy.index_url).succeeded()

    assert Venv(client.project / ".venv").installed() == GREETING


def test_pip_installs_from_a_file_with_hashes(
    greeting: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    client = make_client()
    compiled = client.uv_pip_compile(pyproxy.index_url, ["greeting"], "--generate-hashes").succeeded()
    path = client.folder / "requirements.txt"
    path.write_text(compiled.out, encoding="utf-8")
    assert "2 fetched" in prefetch(pyproxy, "-r", str(path))
    greeting.stop()

    client.pip_install(pyproxy.index_url, "--require-hashes", "-r", str(path)).succeeded()

    assert client.target.installed() == GREETING
