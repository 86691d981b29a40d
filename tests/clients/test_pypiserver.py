"""A private pypiserver behind a password as pyproxy's upstream: clients need no password and ask nobody else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.distributions import make_wheel

from .conftest import MakeClient, MakePypiServer, StartPyproxy
from .pypiserver import PypiServer
from .server import PyproxyServer

pytestmark = pytest.mark.clients

JSON_PAGE = {"Accept": "application/vnd.pypi.simple.v1+json"}


@pytest.fixture
def private(make_pypiserver: MakePypiServer) -> PypiServer:
    """A running pypiserver with ``greeting`` 1.0, which needs ``words``, and ``words`` 1.0."""
    server = make_pypiserver()
    for name, extra in (("words", ""), ("greeting", "Requires-Dist: words\n")):
        filename, content, _ = make_wheel(name, "1.0", metadata_extra=extra)
        server.add(filename, content)
    return server.start()


@pytest.fixture
def pyproxy(start_pyproxy: StartPyproxy, private: PypiServer) -> PyproxyServer:
    """A server with the password of ``private``."""
    account = {"username": private.username, "password": private.password}
    return start_pyproxy({"name": "private", "url": private.url, "on_failure": "stop", "index_ttl": "0s", **account})


@pytest.mark.parametrize("installer", ["pip_install", "uv_pip_install"])
def test_an_install_works_cold_warm_and_with_pypiserver_stopped(
    installer: str, private: PypiServer, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    """(check 63, first half) Page and file both want the password, and both get it."""
    for moment in ("cold", "warm", "stopped"):
        if moment == "stopped":
            private.stop()
        client = make_client()
        getattr(client, installer)(pyproxy.index_url, "greeting").succeeded()
        assert client.target.installed() == {"greeting": "1.0", "words": "1.0"}


def test_the_password_shows_up_in_no_page_and_no_log_and_lies_encrypted(
    private: PypiServer, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    """(check 64)"""
    make_client().pip_install(pyproxy.index_url, "words").succeeded()
    private.stop()
    pages = [pyproxy.get(path, JSON_PAGE).body for path in ("/simple/words/", "/simple/unheard-of/", "/")]
    assert not [page for page in pages if private.password.encode() in page]
    assert private.password not in pyproxy.log
    stored = [path for path in pyproxy.storage.rglob("*") if path.is_file()]
    assert not [path for path in stored if private.password.encode() in path.read_bytes()]


def test_a_wrong_password_is_an_error_that_says_what_to_check(
    private: PypiServer, start_pyproxy: StartPyproxy, make_client: MakeClient
) -> None:
    """pypiserver answers 403 to a wrong password, and 401 to none."""
    account = {"username": private.username, "password": "wrong"}
    pyproxy = start_pyproxy({"name": "private", "url": private.url, "on_failure": "stop", **account})
    answer = pyproxy.get("/simple/words/", JSON_PAGE)
    assert answer.status == 502
    assert "upstream private answered 403" in answer.reason
    run = make_client({"UV_HTTP_RETRIES": "0"}).uv_pip_install(pyproxy.index_url, "words").failed()
    assert "upstream private answered 403" in run.text


def test_a_file_uploaded_to_pypiserver_is_there_at_once(
    private: PypiServer, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    """An ``index_ttl`` of nothing: a release is visible the moment it is published."""
    make_client().uv_pip_install(pyproxy.index_url, "words").succeeded()
    filename, content, _ = make_wheel("words", "2.0")
    private.add(filename, content)
    client = make_client()
    client.uv_pip_install(pyproxy.index_url, "words").succeeded()
    assert client.target.installed() == {"words": "2.0"}


def test_a_local_version_of_pypiserver_downloads_whole(
    private: PypiServer, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    """(check 53)"""
    filename, content, _ = make_wheel("words", "3.0+cu124")
    private.add(filename, content)
    client = make_client()
    client.pip_download(pyproxy.index_url, "words==3.0+cu124").succeeded()
    assert _digests(client.downloads) == {hashlib.sha256(content).hexdigest()}
    client.uv_pip_install(pyproxy.index_url, "words==3.0+cu124").succeeded()


def test_a_redirect_of_unknown_names_to_the_public_index_is_not_followed(
    make_pypiserver: MakePypiServer, start_pyproxy: StartPyproxy
) -> None:
    """(check 72) pypiserver's default for a name it does not have; its name must not leave the house."""
    private = make_pypiserver(fallback=True).start()
    account = {"username": private.username, "password": private.password}
    pyproxy = start_pyproxy({"name": "private", "url": private.url, "on_failure": "stop", **account})
    answer = pyproxy.get("/simple/internal-name/", JSON_PAGE)
    assert answer.status == 502
    assert "upstream private" in answer.reason
    assert "redirect" in answer.reason


def _digests(folder: Path) -> set[str]:
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
