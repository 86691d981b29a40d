"""Real pyproxies one behind the other, and real clients of the last."""

from __future__ import annotations

import pytest

from tests.waiting import wait_until

from .conftest import MakeClient, StartPyproxy
from .pages import files_of, page_of
from .server import PyproxyServer
from .upstream_thread import UpstreamThread

pytestmark = pytest.mark.clients


@pytest.fixture
def servers(upstream: UpstreamThread, start_pyproxy: StartPyproxy) -> tuple[PyproxyServer, PyproxyServer]:
    """The one that asks the scripted origin, and the one that asks only the former."""
    upstream.publish_wheel("words", "1.0", requires_python=">=3.8")
    upstream.publish_wheel("words", "0.9", yanked="it <stutters>")
    upstream.publish_sdist("words", "1.0")
    upstream.publish_wheel("greeting", "1.0", requires=["words"])
    lifetimes = {"index_ttl": "0s", "missing_ttl": "0s"}
    first = start_pyproxy({"name": "origin", "url": upstream.url, **lifetimes})
    return first, start_pyproxy({"name": "first", "url": first.url, **lifetimes})


@pytest.mark.parametrize("installer", ["pip_install", "uv_pip_install"])
def test_an_install_works_cold_warm_without_the_origin_and_without_the_first_server(
    installer: str, upstream: UpstreamThread, servers: tuple[PyproxyServer, PyproxyServer], make_client: MakeClient
) -> None:
    """(pain 3, pain 21)"""
    first, second = servers
    for moment in ("cold", "warm", "origin stopped", "first stopped"):
        if moment == "origin stopped":
            upstream.stop()
        elif moment == "first stopped":
            first.stop()
        client = make_client()
        getattr(client, installer)(second.index_url, "greeting").succeeded()
        assert client.target.installed() == {"greeting": "1.0", "words": "1.0"}


def test_the_last_page_has_every_field_of_the_origins(
    upstream: UpstreamThread, servers: tuple[PyproxyServer, PyproxyServer]
) -> None:
    """(checks 19, 21, 22, 23)"""
    origin, last = f"{upstream.url}/simple/", servers[1].index_url
    files = files_of(last, "words")
    assert files == files_of(origin, "words")
    assert page_of(last, "words")["versions"] == page_of(origin, "words")["versions"]
    assert all("upload-time" in entry and "size" in entry for entry in files.values())


def test_a_failure_at_the_origin_is_told_to_the_client_of_the_last(
    upstream: UpstreamThread, servers: tuple[PyproxyServer, PyproxyServer], make_client: MakeClient
) -> None:
    """(check 65)"""
    upstream.stop()
    run = make_client({"UV_HTTP_RETRIES": "0"}).uv_pip_install(servers[1].index_url, "words").failed()
    assert "upstream first answered 502" in run.text
    assert "upstream origin" in run.text


def test_a_ring_of_servers_is_an_error_that_names_it(start_pyproxy: StartPyproxy, make_client: MakeClient) -> None:
    """Made as it happens, by a change on a running server; also where a server has several processes."""
    south = start_pyproxy({"name": "north", "url": "http://127.0.0.1:9"})
    north = start_pyproxy({"name": "south", "url": south.url}, server={"workers": 2})
    assert south.run("upstream", "set", "north", f"url={north.url}").returncode == 0
    wait_until(lambda: "settings changed" in south.log)
    run = make_client({"UV_HTTP_RETRIES": "0"}).uv_pip_install(north.index_url, "words").failed()
    assert "leads back to this server" in run.text
    wait_until(lambda: north.log.count("GET /simple/words/") == 2)  # lines are written after answers
    wait_until(lambda: south.log.count("GET /simple/words/") == 1)
