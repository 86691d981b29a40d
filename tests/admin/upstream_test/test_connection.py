"""``upstream test``, the first steps: look-up, connect, TLS, outbound proxies, time limits."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pyproxy.admin.upstream_test.steps import Step
from tests.admin.upstream_test.examining import examined, one, said, stock
from tests.net.asking import running
from tests.upstream.certificates import HOSTS, Authority, self_signed_context
from tests.upstream.proxy import ProxyServer
from tests.upstream_server import BlackHole, SilentListener, UpstreamServer, closed_port

CHECK_PLACE = (
    "check host and port in url, whether the server runs, and firewalls on the way; "
    "where only an outbound proxy leads outside, set http_proxy"
)


def moment(days: int) -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)


def valid(authority: Authority, begin: int, end: int) -> ssl.SSLContext:
    """A server whose certificate is valid between two moments, in days from now."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.issue(HOSTS[0], HOSTS, begin=moment(begin), end=moment(end)))
    return context


async def tls_step(context: ssl.SSLContext, **settings: object) -> Step:
    async with running(context) as server:
        stock(server)
        return one(await examined(server.url, **settings), "TLS")


async def test_a_good_connection_is_told_step_by_step(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with running(authority.server_context()) as server:
        stock(server)
        steps = await examined(server.url, ca_bundle=str(authority.certificate))
        port = server.port
    assert [step.name for step in steps[:4]] == ["settings", "name look-up", "connect", "TLS"]
    assert said(steps, "settings") == ("ok", f"the index is https://127.0.0.1:{port}/simple/", None)
    assert said(steps, "name look-up") == ("skipped", "127.0.0.1 needs none", None)
    assert said(steps, "connect") == ("ok", f"connected to 127.0.0.1:{port}", None)
    assert said(steps, "TLS") == (
        "ok",
        "TLSv1.3; the certificate of 127.0.0.1 was issued by test authority and ends on 2120-01-01",
        None,
    )
    assert one(steps, "connect").seconds
    assert one(steps, "TLS").seconds


async def test_a_host_name_that_is_not_found_is_told() -> None:
    steps = await examined("http://localhost.localdomain.invalid/")
    assert said(steps, "name look-up") == (
        "failed",
        "it has a host name that cannot be found: localhost.localdomain.invalid",
        "check the host name in url and this machine's name servers; where only an outbound proxy leads outside, "
        "set http_proxy",
    )
    assert steps[-1].name == "name look-up"


async def test_a_refused_connection_says_what_to_check() -> None:
    steps = await examined(f"http://127.0.0.1:{closed_port()}/")
    assert said(steps, "connect") == ("failed", "it refused the connection", CHECK_PLACE)
    assert steps[-1].name == "connect"


async def test_http_is_told_to_be_unencrypted() -> None:
    async with running() as server:
        stock(server)
        steps = await examined(server.url)
    assert said(steps, "TLS") == ("skipped", "the URL is http: nothing is encrypted", None)


async def test_an_unknown_authority_is_named_with_the_file_it_is_missing_from(tmp_path: Path) -> None:
    """(pain 34)"""
    authority, other = Authority(tmp_path), Authority(tmp_path, "other authority")
    step = await tls_step(authority.server_context(), ca_bundle=str(other.certificate))
    assert (step.state, step.found) == (
        "failed",
        f"the chain ends at test authority, which is not in ca_bundle ({other.certificate})",
    )
    assert step.advice == (
        "set ca_bundle=FILE with the certificate of test authority; if that is a well-known authority's, the server "
        "does not send its intermediate certificate"
    )


async def test_the_environments_authorities_are_named_as_such(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "other authority")
    async with running(authority.server_context()) as server:
        steps = await examined(server.url, {"SSL_CERT_FILE": str(other.certificate)})
    assert one(steps, "TLS").found.endswith(f"which is not in {other.certificate} (from SSL_CERT_FILE)")


async def test_a_self_signed_certificate_asks_for_ca_bundle(tmp_path: Path) -> None:
    step = await tls_step(self_signed_context(tmp_path))
    assert (step.state, step.found, step.advice) == (
        "failed",
        "the certificate of 127.0.0.1 is self-signed, and not in the public authorities that pyproxy trusts",
        "get the certificate from those who run the server (not over this connection), and set ca_bundle=FILE with it",
    )


async def test_an_expired_certificate_is_told_with_its_end_and_the_clock(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    step = await tls_step(valid(authority, -60, -3), ca_bundle=str(authority.certificate))
    assert step.state == "failed"
    assert step.found.startswith(
        f"the certificate of 127.0.0.1 ended on {moment(-3):%Y-%m-%d}; this machine's clock says"
    )
    assert step.advice == (
        "have the certificate renewed at the upstream; if the date here is wrong, set this machine's clock"
    )


async def test_a_certificate_of_the_future_points_to_the_clock(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    step = await tls_step(valid(authority, 3, 60), ca_bundle=str(authority.certificate))
    assert step.state == "failed"
    assert step.found.startswith(f"the certificate of 127.0.0.1 is valid only from {moment(3):%Y-%m-%d}")
    assert step.advice == "set this machine's clock, if it is that which is wrong"


async def test_a_certificate_that_ends_soon_is_a_warning(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    step = await tls_step(valid(authority, -60, 5), ca_bundle=str(authority.certificate))
    assert step.state == "warning"
    assert step.found.endswith(f"ends on {moment(5):%Y-%m-%d}, in 4 days")


async def test_a_certificate_for_another_host_names_those_it_is_for(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    step = await tls_step(authority.server_context(["elsewhere.example.org"]), ca_bundle=str(authority.certificate))
    assert (step.state, step.found, step.advice) == (
        "failed",
        "the certificate is for elsewhere.example.org, not for 127.0.0.1",
        "use one of these names in url, or have a certificate issued for this one",
    )


async def test_without_verification_it_says_that_it_could_be_on(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    step = await tls_step(authority.server_context(), ca_bundle=str(authority.certificate), verify_ssl=False)
    assert (step.state, step.advice) == ("warning", "set verify_ssl=true")
    assert step.found.endswith("; it was not checked, but would be trusted")


async def test_without_verification_it_says_what_is_missing_for_it(tmp_path: Path) -> None:
    step = await tls_step(self_signed_context(tmp_path), verify_ssl=False)
    assert step.state == "warning"
    assert "; it was not checked, and would be refused: the certificate of 127.0.0.1 is self-signed" in step.found
    assert step.advice is not None
    assert step.advice.endswith("; then set verify_ssl=true")


async def test_a_look_at_a_distrusted_certificate_sends_nothing(tmp_path: Path) -> None:
    async with running(self_signed_context(tmp_path)) as server:
        await examined(server.url, username="me", password="s3cret-in-clear")
        assert server.requests == []
        assert server.connections > 0


async def test_a_server_that_wants_a_client_certificate_leads_to_the_settings(tmp_path: Path) -> None:
    """With TLS 1.3 the handshake is through for us before the server says no: it shows at the first question."""
    authority, clients = Authority(tmp_path), Authority(tmp_path, "clients")
    async with running(authority.server_context(clients=clients)) as server:
        steps = await examined(server.url, ca_bundle=str(authority.certificate))
    assert steps[-1].state == "failed"
    assert steps[-1].advice is not None
    assert "set client_certificate and client_key" in steps[-1].advice


async def test_a_client_certificate_that_is_refused_is_suspected(tmp_path: Path) -> None:
    authority, clients = Authority(tmp_path), Authority(tmp_path, "clients")
    certificate, key = authority.issue("pyproxy")  # not of the authority that the server wants
    pair = {"client_certificate": str(certificate), "client_key": str(key)}
    async with running(authority.server_context(clients=clients)) as server:
        steps = await examined(server.url, ca_bundle=str(authority.certificate), **pair)
    assert steps[-1].state == "failed"
    assert steps[-1].advice is not None
    assert "client_certificate" in steps[-1].advice


async def test_a_client_certificate_that_is_accepted_is_counted_as_credentials(tmp_path: Path) -> None:
    authority, clients = Authority(tmp_path), Authority(tmp_path, "clients")
    certificate, key = clients.issue("pyproxy")
    pair = {"client_certificate": str(certificate), "client_key": str(key)}
    async with running(authority.server_context(clients=clients)) as server:
        stock(server)
        steps = await examined(server.url, ca_bundle=str(authority.certificate), projects=("demo",), **pair)
    assert said(steps, "credentials") == ("ok", "the index does not refuse the client certificate", None)


async def test_http_at_a_port_that_speaks_tls_suggests_https(tmp_path: Path) -> None:
    async with running(Authority(tmp_path).server_context()) as server:
        steps = await examined(server.url.replace("https:", "http:"))
    assert steps[-1].state == "failed"
    assert steps[-1].advice == "if the port speaks TLS, write https:// in url; else look into the server's log"


async def test_a_black_hole_ends_after_a_second_try_with_patience() -> None:
    hole = BlackHole()
    try:
        steps = await examined(f"http://127.0.0.1:{hole.port}/", connect_timeout_ms=200)
    finally:
        hole.close()
    assert said(steps, "connect") == (
        "failed",
        "no answer within connect_timeout_ms=200, nor within 10 s",
        CHECK_PLACE,
    )


async def test_a_connect_timeout_that_is_too_short_is_found_out(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with running(authority.server_context()) as server, sleepy_front(server) as port:
        steps = await examined(
            f"https://127.0.0.1:{port}/", ca_bundle=str(authority.certificate), connect_timeout_ms=1000
        )
    state, found, advice = said(steps, "TLS")
    assert state == "failed"
    assert found.startswith("no answer within connect_timeout_ms=1000; a second try with 10 s took")
    assert advice is not None
    assert int(advice.removeprefix("set connect_timeout_ms=")) >= 2000


async def test_silence_after_the_connection_ends_by_the_look_up_limit() -> None:
    listener = SilentListener()
    try:
        steps = await examined(f"http://127.0.0.1:{listener.port}/", conditions={"page_timeout": 0.3})
    finally:
        listener.close()
    state, found, advice = said(steps, "project list")
    assert state == "failed"
    assert found.startswith("it did not begin to answer within ")
    assert advice == "look at the server's load and log; pages must begin within cache.lookup_timeout"


async def test_the_whole_test_has_an_end() -> None:
    async with running() as server:
        stock(server)
        steps = await examined(server.url, conditions={"total_seconds": 0})
    assert steps[-1].found == "it took more than 0 s to test"


async def test_an_outbound_proxy_does_the_look_up(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with running(authority.server_context(["only-there.example.org"])) as server, proxy() as outbound:
        outbound.hosts["only-there.example.org"] = "127.0.0.1"
        server.url = f"https://only-there.example.org:{server.port}"
        stock(server)
        steps = await examined(server.url, ca_bundle=str(authority.certificate), http_proxy=outbound.url)
    assert said(steps, "name look-up") == (
        "ok",
        "the outbound proxy 127.0.0.1 was found; it looks up only-there.example.org",
        None,
    )
    where = outbound.url.removeprefix("http://")
    assert said(steps, "connect") == ("ok", f"connected to the outbound proxy {outbound.url} at {where}", None)
    assert one(steps, "file").state == "ok"


async def test_a_proxy_that_wants_a_password_leads_to_http_proxy(tmp_path: Path) -> None:
    async with running(Authority(tmp_path).server_context()) as server, proxy() as outbound:
        outbound.userinfo = "me:right"
        address = outbound.url.replace("//", "//me:wr0ng-s3cret@")
        through_tls = await examined(server.url, http_proxy=address)
        plain = await examined("http://only-there.example.org/", http_proxy=address)
    wanted = "set the user name and password in http_proxy (http://user:password@host:port)"
    assert said(through_tls, "outbound proxy")[0::2] == ("failed", wanted)
    assert said(plain, "project list") == (
        "failed",
        "the outbound proxy answers 407 Proxy Authentication Required",
        wanted,
    )
    assert "wr0ng-s3cret" not in repr(through_tls) + repr(plain)


async def test_a_proxy_that_is_not_there_leads_to_the_settings_of_proxies() -> None:
    steps = await examined("https://index.example.org/", {"https_proxy": f"http://127.0.0.1:{closed_port()}"})
    assert said(steps, "outbound proxy") == (
        "failed",
        "it cannot be reached: the outbound proxy refused the connection",
        "check http_proxy, or the environment's http_proxy and https_proxy; http_proxy=none goes directly",
    )


async def test_leaving_early_ends_what_is_under_way() -> None:
    """A black hole that is given a minute holds nobody up who cancels."""
    hole = BlackHole()
    try:
        under_way = asyncio.Event()

        def begins(name: str) -> None:
            if name == "connect":
                under_way.set()

        task = asyncio.create_task(examined(f"http://127.0.0.1:{hole.port}/", begins=begins, connect_timeout_ms=10**7))
        await under_way.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    finally:
        hole.close()


@asynccontextmanager
async def proxy() -> AsyncIterator[ProxyServer]:
    outbound = await ProxyServer.start()
    try:
        yield outbound
    finally:
        await outbound.stop()


@asynccontextmanager
async def sleepy_front(server: UpstreamServer) -> AsyncIterator[int]:
    """A port before a server whose first connection is never passed on."""
    tasks: set[asyncio.Task[None]] = set()
    accepted = 0

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError), contextlib.closing(writer):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        if accepted == 1:
            with contextlib.closing(writer):
                await reader.read()
            return
        behind = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(pump(reader, behind[1]), pump(behind[0], writer))

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listening = await asyncio.start_server(begin, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
