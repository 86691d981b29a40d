"""Real clients of a server at which not everybody may install: how they are told who asks, and what they say if not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import MakeClient, StartPyproxy
from .runner import Client, Run
from .server import PyproxyServer
from .upstream_thread import UpstreamThread

pytestmark = pytest.mark.clients

PASSWORD = "correct: horse/battery@staple"
"""With all that URLs and HTTP Basic have another use for."""

WITHOUT_BLANKS = PASSWORD.replace(" ", "-")
"""As a netrc file wants it."""

INSTALLED = {"greeting": "1.0", "words": "1.0"}
FRESH = {"index_ttl": "0s", "missing_ttl": "0s"}

Install = Callable[[Client, str], Run]


@pytest.fixture
def protected(upstream: UpstreamThread, start_pyproxy: StartPyproxy) -> PyproxyServer:
    """It has two projects; nobody may read them yet."""
    upstream.publish_wheel("words", "1.0")
    upstream.publish_wheel("greeting", "1.0", requires=["words"])
    return start_pyproxy({"name": "scripted", "url": upstream.url, **FRESH}, access={"anonymous_read": False})


def pip(client: Client, index_url: str) -> Run:
    return client.pip_install(index_url, "greeting")


def uv(client: Client, index_url: str) -> Run:
    return client.uv_pip_install(index_url, "greeting")


both = pytest.mark.parametrize("install", [pip, uv], ids=["pip", "uv"])


def write_netrc(client: Client, name: str, password: str) -> None:
    """The file that pip, uv and curl read."""
    path = client.folder / "home" / ".netrc"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"machine 127.0.0.1\nlogin {name}\npassword {password}\n", encoding="utf-8")
    path.chmod(0o600)


@both
@pytest.mark.parametrize("kind", ["token", "account"])
def test_an_install_with_credentials_in_the_address(
    kind: str, install: Install, protected: PyproxyServer, client: Client
) -> None:
    """Pages, metadata and files alike (check 63, F17)"""
    if kind == "token":
        index_url = protected.index_url_of("__token__", protected.add_token("laptop"))
    else:
        protected.add_account("ada", PASSWORD)
        index_url = protected.index_url_of("ada", PASSWORD)
    run = install(client, index_url).succeeded()
    assert client.target.installed() == INSTALLED
    assert PASSWORD not in run.text + protected.log


@both
@pytest.mark.parametrize("kind", ["token", "account"])
def test_an_install_with_a_netrc(kind: str, install: Install, protected: PyproxyServer, client: Client) -> None:
    """uv asks without credentials first, and again with them (check 61, check 63)"""
    if kind == "token":
        write_netrc(client, "token", protected.add_token("laptop"))
    else:
        protected.add_account("ada", WITHOUT_BLANKS)
        write_netrc(client, "ada", WITHOUT_BLANKS)
    install(client, protected.index_url).succeeded()
    assert client.target.installed() == INSTALLED


def test_uv_keeps_the_credentials_out_of_its_lock_file(protected: PyproxyServer, client: Client) -> None:
    token = protected.add_token("laptop")
    client.uv_lock(protected.index_url_of("token", token), ["greeting"]).succeeded()
    lock = (client.project / "uv.lock").read_text(encoding="utf-8")
    assert f"{protected.url}/files/greeting/" in lock
    assert token not in lock


@pytest.mark.parametrize("kind", ["none", "wrong", "revoked"])
def test_pip_says_that_the_credentials_are_not_right(kind: str, protected: PyproxyServer, client: Client) -> None:
    """But where it had none to send, it says nothing of that (check 61)"""
    run = pip(client, refused_url(kind, protected)).failed()
    assert ("401 Error, Credentials not correct for" in run.text) is (kind != "none")
    assert "No matching distribution found for greeting" in run.text


@pytest.mark.parametrize("kind", ["none", "wrong", "revoked"])
def test_uv_says_that_credentials_are_wanted(kind: str, protected: PyproxyServer, client: Client) -> None:
    """(check 61)"""
    run = uv(client, refused_url(kind, protected)).failed()
    assert "401 Unauthorized" in run.text


def refused_url(kind: str, protected: PyproxyServer) -> str:
    """An index URL with credentials that are not right."""
    if kind == "none":
        return protected.index_url
    if kind == "wrong":
        protected.add_account("ada", PASSWORD)
        return protected.index_url_of("ada", "a wrong password")
    token = protected.add_token("laptop")
    assert protected.run("token", "remove", "laptop").returncode == 0
    return protected.index_url_of("token", token)


@both
def test_an_unknown_project_is_not_taken_for_wrong_credentials(
    install: Install, protected: PyproxyServer, client: Client
) -> None:
    """(check 4)"""
    index_url = protected.index_url_of("token", protected.add_token("laptop"))
    installer = client.pip_install if install is pip else client.uv_pip_install
    run = installer(index_url, "no-such-project").failed()
    assert "401" not in run.text


def test_jobs_with_an_old_password_lock_nobody_out(protected: PyproxyServer, make_client: MakeClient) -> None:
    protected.add_account("ada", PASSWORD)
    for _ in range(4):
        for install in (pip, uv):
            install(make_client(), protected.index_url_of("ada", "the old password")).failed()
    client = make_client()
    uv(client, protected.index_url_of("ada", PASSWORD)).succeeded()
    assert client.target.installed() == INSTALLED
    assert "429" not in protected.log


def test_a_server_with_several_processes_knows_all_credentials_in_each(
    upstream: UpstreamThread, start_pyproxy: StartPyproxy, make_client: MakeClient
) -> None:
    """(F4)"""
    upstream.publish_wheel("words", "1.0")
    upstream.publish_wheel("greeting", "1.0", requires=["words"])
    server = start_pyproxy(
        {"name": "scripted", "url": upstream.url, **FRESH}, access={"anonymous_read": False}, server={"workers": 3}
    )
    token = server.add_token("laptop")
    server.add_account("ada", PASSWORD)
    for index_url in (server.index_url_of("token", token), server.index_url_of("ada", PASSWORD)):
        client = make_client()
        uv(client, index_url).succeeded()
        assert client.target.installed() == INSTALLED
    server.run("token", "remove", "laptop")
    bearer = {"Authorization": f"Bearer {token}"}
    assert {server.get("/simple/words/", bearer).status for _ in range(20)} == {401}


@both
def test_a_server_behind_a_protected_one(
    install: Install, protected: PyproxyServer, start_pyproxy: StartPyproxy, make_client: MakeClient
) -> None:
    """By a token, and by an account (check 63)"""
    protected.add_account("chained", PASSWORD)
    for number, secret in enumerate(
        ({"token": protected.add_token("chained")}, {"username": "chained", "password": PASSWORD})
    ):
        last = start_pyproxy({"name": f"protected-{number}", "url": protected.url, **secret})
        client = make_client()
        install(client, last.index_url).succeeded()
        assert client.target.installed() == INSTALLED
