"""simple-repository-server as pyproxy's upstream: JSON with sizes, upload times and metadata, but without hashes."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.distributions import make_sdist, make_wheel
from tests.waiting import wait_until

from . import venvs
from .conftest import MakeClient, StartPyproxy
from .pages import files_of, page_of
from .simple_repository import SimpleRepositoryServer

pytestmark = pytest.mark.clients

CLOSED = "2015-01-01T00:00:00Z"


@pytest.fixture
def index(running: ExitStack, tmp_path: Path) -> SimpleRepositoryServer:
    """A running server with ``greeting`` 1.0, which needs ``words``, and ``words`` 1.0, also as an sdist."""
    server = SimpleRepositoryServer(tmp_path / "index", venvs.kept(venvs.SIMPLE_REPOSITORY_SERVER))
    for name, extra in (("words", ""), ("greeting", "Requires-Dist: words\n")):
        filename, content, _ = make_wheel(name, "1.0", metadata_extra=extra)
        server.add(name, filename, content)
    server.add("words", *make_sdist("words", "1.0"))
    return running.enter_context(server)


@pytest.mark.parametrize("installer", ["pip_install", "uv_pip_install"])
def test_an_install_works_cold_warm_and_with_the_server_stopped(
    installer: str, index: SimpleRepositoryServer, start_pyproxy: StartPyproxy, make_client: MakeClient
) -> None:
    """Files without a listed hash stay available, and so does their metadata (pain 21, pain 25)."""
    pyproxy = start_pyproxy({"name": "index", "url": index.url, "index_ttl": "0s"})
    for moment in ("cold", "warm", "stopped"):
        if moment == "stopped":
            index.stop()
        client = make_client()
        getattr(client, installer)(pyproxy.index_url, "greeting").succeeded()
        assert client.target.installed() == {"greeting": "1.0", "words": "1.0"}


def test_its_page_comes_through_field_by_field_and_gets_a_hash_at_the_first_download(
    index: SimpleRepositoryServer, start_pyproxy: StartPyproxy
) -> None:
    pyproxy = start_pyproxy({"name": "index", "url": index.url, "index_ttl": "0s"})
    assert files_of(pyproxy.index_url, "words") == files_of(index.index_url, "words")
    assert page_of(pyproxy.index_url, "words")["meta"]["api-version"] >= "1.1"

    filename, content, _ = make_wheel("words", "1.0")
    assert pyproxy.get(f"/files/words/{filename}").body == content
    expected = {"sha256": hashlib.sha256(content).hexdigest()}
    wait_until(lambda: files_of(pyproxy.index_url, "words")[filename]["hashes"] == expected)


def test_its_upload_times_serve_the_cut_off_dates_of_clients(
    index: SimpleRepositoryServer, start_pyproxy: StartPyproxy, make_client: MakeClient
) -> None:
    """(check 85)"""
    pyproxy = start_pyproxy({"name": "index", "url": index.url})
    client = make_client({"UV_HTTP_RETRIES": "0"})
    client.uv_pip_compile(pyproxy.index_url, ["words"]).succeeded()
    run = client.uv_pip_compile(pyproxy.index_url, ["words"], "--exclude-newer", CLOSED).failed()
    assert "missing an upload date" not in run.text
