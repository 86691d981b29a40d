"""Which outbound proxy a request takes, and that it really does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pyproxy.errors import UpstreamForbidden, UpstreamTimeout, UpstreamUnreachable
from pyproxy.net.outbound_proxy import OutboundProxy, proxy_for
from tests.net.asking import connected, get, running
from tests.upstream.certificates import Authority
from tests.upstream.proxy import ProxyServer
from tests.upstream_server import Redirect, SilentListener, closed_port

FILE = "/packages/demo/demo-1.0.tar.gz"


@asynccontextmanager
async def proxy_running() -> AsyncIterator[ProxyServer]:
    proxy = await ProxyServer.start()
    try:
        yield proxy
    finally:
        await proxy.stop()


@pytest.mark.parametrize(
    ("url", "setting", "environ", "expected"),
    [
        ("http://a.example.org/", None, {}, None),
        ("http://a.example.org/", "http://p:1", {}, "http://p:1"),
        ("http://a.example.org/", "none", {"http_proxy": "http://p:1"}, None),
        ("http://a.example.org/", None, {"http_proxy": "http://p:1"}, "http://p:1"),
        ("http://a.example.org/", None, {"HTTP_PROXY": "http://p:1"}, "http://p:1"),
        ("http://a.example.org/", None, {"http_proxy": "http://p:1", "HTTP_PROXY": "http://q:1"}, "http://p:1"),
        ("https://a.example.org/", None, {"http_proxy": "http://p:1"}, None),
        ("https://a.example.org/", None, {"https_proxy": "http://p:1"}, "http://p:1"),
        ("https://a.example.org/", None, {"ALL_PROXY": "http://p:1"}, "http://p:1"),
        ("http://a.example.org/", None, {"http_proxy": "p:1"}, "http://p:1"),
        ("http://a.example.org/", None, {"http_proxy": ""}, None),
        ("http://a.example.org/", "http://p:1", {"no_proxy": "*"}, "http://p:1"),
    ],
)
def test_the_upstreams_proxy_counts_more_than_the_environments(
    url: str, setting: str | None, environ: dict[str, str], expected: str | None
) -> None:
    proxy = proxy_for(url, setting, environ)
    assert (proxy and proxy.url) == expected


@pytest.mark.parametrize(
    ("host", "no_proxy", "exempt"),
    [
        ("a.example.org", "example.org", True),
        ("a.example.org", ".example.org", True),
        ("example.org", ".example.org", True),
        ("badexample.org", "example.org", False),
        ("a.example.org", "b.example.org, a.example.org", True),
        ("a.example.org", "*", True),
        ("a.example.org:81", "a.example.org:81", True),
        ("a.example.org:81", "a.example.org:82", False),
        ("A.Example.org", "EXAMPLE.org", True),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("[::1]", "::1", True),
        ("127.0.0.1:8080", "127.0.0.1", True),
        ("a.example.org", "", False),
    ],
)
def test_no_proxy_exempts_hosts_domains_and_networks(host: str, no_proxy: str, exempt: bool) -> None:
    environ = {"http_proxy": "http://p:1", "NO_PROXY": no_proxy}
    assert (proxy_for(f"http://{host}/", None, environ) is None) == exempt


def test_the_credentials_of_a_proxy_are_split_off_and_hidden() -> None:
    proxy = OutboundProxy.parse("http://us%40er:s%3Aecret@proxy.example.org:3128")
    assert (proxy.url, proxy.userinfo) == ("http://proxy.example.org:3128", "us@er:s:ecret")
    assert "ecret" not in repr(proxy)


async def test_http_goes_through_the_proxy_with_its_credentials() -> None:
    """(pain 34)"""
    async with running() as server, proxy_running() as proxy:
        server.add_file("demo", "demo-1.0.tar.gz", b"content")
        proxy.userinfo = "bob:pr0xy"
        setting = proxy.url.replace("//", "//bob:pr0xy@")
        with connected(server.url, http_proxy=setting, token="t0ken") as connection:
            assert (await get(connection, server.url + FILE)).body == b"content"
    assert [request.method for request in proxy.requests] == ["GET"]
    assert "proxy-authorization" not in server.requests[0].headers


async def test_https_is_tunnelled_and_the_proxy_sees_no_credentials_of_the_upstream(tmp_path: Path) -> None:
    """(check 64)"""
    authority = Authority(tmp_path)
    async with running(authority.server_context()) as server, proxy_running() as proxy:
        server.add_file("demo", "demo-1.0.tar.gz", b"content")
        proxy.userinfo = "bob:pr0xy"
        setting = proxy.url.replace("//", "//bob:pr0xy@")
        with connected(
            server.url, http_proxy=setting, token="t0ken", ca_bundle=str(authority.certificate)
        ) as connection:
            answer = await get(connection, server.url + FILE)
    assert answer.body == b"content"
    assert answer.head is not None
    assert "x-from" not in answer.head.headers
    (tunnel,) = proxy.requests
    assert tunnel.method == "CONNECT"
    assert "authorization" not in tunnel.headers
    assert server.requests[0].headers["authorization"] == "Bearer t0ken"


async def test_the_environments_proxy_is_used_and_none_ignores_it() -> None:
    async with running() as server, proxy_running() as proxy:
        server.add_file("demo", "demo-1.0.tar.gz", b"content")
        for setting, asked in ((None, 1), ("none", 1)):
            with connected(server.url, {"http_proxy": proxy.url}, http_proxy=setting) as connection:
                assert (await get(connection, server.url + FILE)).body == b"content"
            assert len(proxy.requests) == asked


async def test_the_environment_of_the_process_is_not_read_behind_our_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """curl would read these by itself."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    async with running() as server, proxy_running() as proxy:
        server.add_file("demo", "demo-1.0.tar.gz", b"content")
        with connected(server.url) as connection:
            assert (await get(connection, server.url + FILE)).body == b"content"
        monkeypatch.setenv("no_proxy", "*")
        with connected(server.url, http_proxy=proxy.url) as connection:
            assert (await get(connection, server.url + FILE)).body == b"content"
    assert len(proxy.requests) == 1


async def test_names_that_only_the_proxy_knows_are_left_to_it() -> None:
    async with running() as server, proxy_running() as proxy:
        server.add_file("demo", "demo-1.0.tar.gz", b"content")
        proxy.hosts["inside.invalid"] = "127.0.0.1"
        url = f"http://inside.invalid:{server.port}"
        with connected(url, http_proxy=proxy.url) as connection:
            assert (await get(connection, url + FILE)).body == b"content"


async def test_a_literal_private_address_is_refused_behind_a_proxy_too() -> None:
    async with running() as server, proxy_running() as proxy:
        proxy.hosts["public.example.org"] = "127.0.0.1"
        url = f"http://public.example.org:{server.port}"
        server.behave("/packages/", Redirect("http://169.254.169.254/latest"))
        with connected(url, http_proxy=proxy.url) as connection:
            connection._reach.learn("93.184.215.14")
            with pytest.raises(UpstreamForbidden, match=r"169\.254\.169\.254:80"):
                await get(connection, url + FILE)
    assert len(proxy.requests) == 1


async def test_a_proxy_that_wants_other_credentials_is_named(tmp_path: Path) -> None:
    async with running(Authority(tmp_path).server_context()) as server, proxy_running() as proxy:
        proxy.userinfo = "bob:pr0xy"
        with (
            connected(server.url, http_proxy=proxy.url.replace("//", "//bob:wrong@")) as connection,
            pytest.raises(UpstreamUnreachable, match=r"outbound proxy refused .*407") as caught,
        ):
            await get(connection, server.url + FILE)
    assert "wrong" not in str(caught.value)


async def test_a_proxy_that_refuses_connections_is_named() -> None:
    with (
        connected("http://a.example.org/", http_proxy=f"http://127.0.0.1:{closed_port()}") as connection,
        pytest.raises(UpstreamUnreachable, match="the outbound proxy refused the connection"),
    ):
        await get(connection, "http://a.example.org/x")


async def test_a_silent_proxy_ends_with_the_connect_timeout() -> None:
    listener = SilentListener()
    proxy = f"http://127.0.0.1:{listener.port}"
    with (
        connected("https://a.example.org/", http_proxy=proxy, connect_timeout_ms=500) as connection,
        pytest.raises(UpstreamTimeout, match=r"within 500 ms \(outbound proxy or TLS, connect_timeout_ms\)"),
    ):
        await get(connection, "https://a.example.org/x")
    listener.close()
