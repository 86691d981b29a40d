"""Requests to one upstream: redirects, what each hop carries, and where none may lead."""

from __future__ import annotations

import logging

import pytest

from pyproxy import __version__
from pyproxy.errors import UpstreamForbidden, UpstreamInvalidResponse
from pyproxy.net.connection import user_agent
from tests.net.asking import USER_AGENT, connected, get, running
from tests.upstream_server import Raw, Redirect, Status

PAGE = "/simple/demo/"
FILE = "/packages/demo/demo-1.0.tar.gz"
BASIC = "Basic YWxpY2U6c2VzYW1l"  # alice:sesame


async def test_requests_carry_our_user_agent_and_what_the_caller_asks() -> None:
    """(check 84)"""
    async with running() as server:
        with connected(server.url) as connection:
            await get(connection, server.url + PAGE, headers={"If-None-Match": '"x"'})
    (request,) = server.requests
    assert request.headers["user-agent"] == USER_AGENT
    assert request.headers["if-none-match"] == '"x"'
    assert "authorization" not in request.headers


def test_the_user_agent_names_product_version_and_contact() -> None:
    assert user_agent("https://example.org/pyproxy") == f"pyproxy/{__version__} (+https://example.org/pyproxy)"


async def test_basic_credentials_go_to_pages_and_files_of_the_upstream() -> None:
    async with running() as server:
        server.username, server.password = "alice", "sésame"
        server.add_file("demo", "demo-1.0.tar.gz", b"content")
        with connected(server.url, username="alice", password="sésame") as connection:
            answers = [await get(connection, server.url + path) for path in (PAGE, FILE)]
    assert [answer.head.status for answer in answers if answer.head] == [200, 200]


async def test_a_token_is_sent_as_bearer() -> None:
    async with running() as server:
        server.bearer = "t0ken"
        server.add_file("demo", "demo-1.0.tar.gz", b"content")
        with connected(server.url, token="t0ken") as connection:
            answer = await get(connection, server.url + FILE)
    assert answer.body == b"content"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_a_second_port_carries_no_credentials(status: int) -> None:
    """(check 64, F16)"""
    async with running() as server, running() as other:
        other.add_file("demo", "demo-1.0.tar.gz", b"content")
        server.behave("/packages/", Redirect(other.url + FILE, status))
        with connected(server.url, username="alice", password="sesame") as connection:
            answer = await get(connection, server.url + FILE)
    assert answer.body == b"content"
    assert answer.head is not None
    assert answer.head.url == other.url + FILE
    assert server.requests[0].headers["authorization"] == BASIC
    assert not {"authorization", "cookie", "proxy-authorization"} & set(other.requests[0].headers)


async def test_credentials_are_decided_anew_at_every_hop() -> None:
    """Out to another host and back again: only the upstream's own requests carry them."""
    async with running() as server, running() as other:
        server.add_file("demo", "demo-1.0.tar.gz", b"content")
        server.behave("/start", Redirect(other.url + "/elsewhere"))
        other.behave("/elsewhere", Redirect(server.url + FILE))
        with connected(server.url, token="t0ken") as connection:
            await get(connection, server.url + "/start")
    assert [r.headers.get("authorization") for r in server.requests] == ["Bearer t0ken"] * 2
    assert "authorization" not in other.requests[0].headers


async def test_credential_hosts_get_the_credentials_too() -> None:
    async with running() as server, running() as files, running() as stranger:
        with connected(server.url, token="t0ken", credential_hosts=(files.url,)) as connection:
            await get(connection, files.url + FILE)
            await get(connection, stranger.url + FILE)
    assert files.requests[0].headers["authorization"] == "Bearer t0ken"
    assert "authorization" not in stranger.requests[0].headers


async def test_credentials_inside_a_link_or_a_redirect_are_not_used() -> None:
    async with running() as server, running() as other:
        server.behave("/packages/", Redirect(other.url.replace("//", "//mallory:pw@") + FILE))
        with connected(server.url) as connection:
            answer = await get(connection, server.url.replace("//", "//mallory:pw@") + FILE)
    assert "authorization" not in server.requests[0].headers
    assert "authorization" not in other.requests[0].headers
    assert answer.head is not None
    assert "mallory" not in answer.head.url


async def test_a_redirect_within_the_upstream_is_followed() -> None:
    async with running() as server:
        server.set_page("demo", b"page", "text/html")
        server.behave("/simple/Demo/", Redirect("../demo/"))
        with connected(server.url) as connection:
            answer = await get(connection, server.url + "/simple/Demo/", kind="page")
    assert answer.head is not None
    assert (answer.head.url, answer.body) == (server.url + PAGE, b"page")


async def test_a_page_that_redirects_to_another_host_is_refused() -> None:
    """(check 72)"""
    async with running() as server, running() as other:
        server.behave("/simple/", Redirect(other.url, keep_path=True))
        with (
            connected(server.url) as connection,
            pytest.raises(UpstreamForbidden, match=f"redirects the page to 127.0.0.1:{other.port}"),
        ):
            await get(connection, server.url + PAGE, kind="page")
    assert not other.requests


@pytest.mark.parametrize("with_port", [True, False])
async def test_a_page_may_redirect_to_redirect_hosts(with_port: bool) -> None:
    """(check 72)"""
    async with running() as server, running() as other:
        other.set_page("demo", b"page", "text/html")
        server.behave("/simple/", Redirect(other.url, keep_path=True))
        hosts = (f"127.0.0.1:{other.port}" if with_port else "127.0.0.1",)
        with connected(server.url, redirect_hosts=hosts, token="t0ken") as connection:
            answer = await get(connection, server.url + PAGE, kind="page")
    assert answer.body == b"page"
    assert "authorization" not in other.requests[0].headers


async def test_redirects_in_a_circle_end() -> None:
    async with running() as server:
        server.behave("/a", Redirect("/b"))
        server.behave("/b", Redirect("/a"))
        with connected(server.url) as connection, pytest.raises(UpstreamInvalidResponse, match="redirects in a circle"):
            await get(connection, server.url + "/a")
    assert len(server.requests) == 2


async def test_more_than_ten_redirects_are_not_followed() -> None:
    async with running() as server:
        for number in range(12):
            server.behave(f"/{number:02}", Redirect(f"/{number + 1:02}"))
        with connected(server.url) as connection:
            with pytest.raises(UpstreamInvalidResponse, match="more than 10"):
                await get(connection, server.url + "/00")
            assert (await get(connection, server.url + "/02")).head is not None
    assert server.count("/00") + server.count("/01") == 2


@pytest.mark.parametrize("location", ["ftp://example.org/x", "file:///etc/passwd", "https://", "http://exa mple.org/"])
async def test_redirects_to_what_is_no_http_address_are_refused(location: str) -> None:
    async with running() as server:
        server.behave("/", Redirect(location))
        with connected(server.url) as connection, pytest.raises(UpstreamForbidden, match="not followed"):
            await get(connection, server.url + FILE)


async def test_a_redirect_without_a_location_is_an_answer() -> None:
    async with running() as server:
        server.behave("/", Status(302, b"?"))
        with connected(server.url) as connection:
            answer = await get(connection, server.url + FILE)
    assert answer.head is not None
    assert (answer.head.status, answer.body) == (302, b"?")


async def test_a_redirects_endless_body_is_not_read() -> None:
    async with running() as server:
        server.behave("/", Raw(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n" + b"x" * 1_000_000))
        with connected(server.url) as connection, pytest.raises(UpstreamInvalidResponse, match="endless"):
            await get(connection, server.url + FILE)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://exa mple.org/x", "/relative", "http://a\nb/", ""])
async def test_links_that_are_no_addresses_are_refused_without_a_request(link: str) -> None:
    with connected("http://127.0.0.1:1/") as connection, pytest.raises(UpstreamForbidden, match="cannot be asked"):
        await get(connection, link)


async def test_links_with_blanks_and_other_letters_are_quoted_once() -> None:
    async with running() as server:
        with connected(server.url) as connection:
            await get(connection, server.url + "/a b/ü/%20/x+y.whl?q=ä b#fragment")
    assert server.requests[0].path == "/a%20b/%C3%BC/%20/x+y.whl?q=%C3%A4%20b"


async def test_a_public_upstream_may_not_lead_to_a_private_address() -> None:
    async with running() as server:
        with connected("http://192.0.2.1.example.org/") as connection:
            connection._reach.learn("93.184.215.14")
            for host in ("127.0.0.1", "localhost", "127.1", "0x7f.0.0.1", "[::ffff:127.0.0.1]"):
                with pytest.raises(UpstreamForbidden, match="not at a public address"):
                    await get(connection, f"http://{host}:{server.port}{FILE}")
    assert not server.requests


async def test_a_name_at_a_private_address_is_refused_before_the_request_is_sent() -> None:
    """The name tells nothing; the connected address does. The machine's own host name leads to itself."""
    import socket

    name = socket.gethostname()
    try:
        address = socket.gethostbyname(name)
    except OSError:
        pytest.skip("this machine cannot look up its own name")
    if not address.startswith("127."):
        pytest.skip("this machine's name does not lead to a loopback address")
    async with running() as server:
        with connected("http://files.example.org/") as connection:
            connection._reach.learn("93.184.215.14")
            with pytest.raises(UpstreamForbidden, match="not at a public address"):
                await get(connection, f"http://{name}:{server.port}{FILE}")
    assert not server.requests


async def test_an_upstream_at_a_private_address_may_lead_to_its_neighbours_before_it_was_ever_asked() -> None:
    async with running() as server, running() as files:
        files.add_file("demo", "demo-1.0.tar.gz", b"content")
        with connected(f"http://localhost:{server.port}/") as connection:
            assert (await get(connection, files.url + FILE)).body == b"content"
    assert not server.requests


async def test_credentials_and_queries_never_reach_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """(check 64) Not even where curl's own log is switched on."""
    caplog.set_level(logging.DEBUG)
    async with running() as server:
        with connected(server.url, username="alice", password="sesame") as connection:
            await get(connection, server.url + FILE)
    assert server.requests[0].headers["authorization"] == BASIC
    assert "YWxpY2U" not in caplog.text
    assert "sesame" not in caplog.text
