"""Large real installs from the machine's own package index through pyproxy: cold, warm, and warm offline.

Outside the default run: ``python -m pytest -m live tests/clients/test_live.py``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from .conftest import MakeClient, StartPyproxy
from .server import PyproxyServer

pytestmark = [pytest.mark.clients, pytest.mark.live]

PROJECTS = ["jupyterlab", "fastapi[standard]", "boto3", "scikit-learn"]


def machine_index() -> list[dict[str, Any]]:
    """The machine's index URL as an upstream, or nothing for the built-in default."""
    url = os.environ.get("PIP_INDEX_URL") or os.environ.get("UV_DEFAULT_INDEX")
    if not url:
        asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
        url = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return [{"name": "machine", "url": url, "index_path": ""}] if url else []


@pytest.fixture
def pyproxy(start_pyproxy: StartPyproxy) -> PyproxyServer:
    """In front of the machine's index, with the machine's outbound proxy and certificates."""
    return start_pyproxy(*machine_index(), machine_network=True)


@pytest.mark.parametrize("installer", ["pip_install", "uv_pip_install"])
@pytest.mark.parametrize("project", PROJECTS)
def test_an_install_is_the_same_cold_warm_and_offline(
    project: str, installer: str, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    results = []
    for moment in ("cold", "warm", "offline"):
        if moment == "offline":
            pyproxy.stop()
            pyproxy.config["cache"] = {"offline": True}
            pyproxy.start()
        client = make_client()
        getattr(client, installer)(pyproxy.index_url, "--only-binary", ":all:", project).succeeded()
        results.append(client.target.installed())
    cold, warm, offline = results
    assert len(cold) > 3
    assert cold == warm == offline


def test_uv_lock_is_the_same_cold_and_warm(pyproxy: PyproxyServer, make_client: MakeClient) -> None:
    """Not offline: an index without metadata files has uv read the ends of large wheels, which are not kept."""
    locks = set()
    for _ in ("cold", "warm"):
        client = make_client()
        client.uv_lock(pyproxy.index_url, PROJECTS).succeeded()
        locks.add((client.project / "uv.lock").read_text(encoding="utf-8"))
    assert len(locks) == 1
