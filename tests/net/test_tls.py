"""TLS: what is trusted, what is presented, and what is said when it fails."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.errors import UpstreamForbidden, UpstreamUnreachable
from tests.net.asking import connected, get, running
from tests.upstream.certificates import Authority, self_signed_context
from tests.upstream_server import Hold, Redirect

FILE = "/packages/demo/demo-1.0.tar.gz"


async def test_a_self_signed_certificate_is_refused_with_advice(tmp_path: Path) -> None:
    async with running(self_signed_context(tmp_path)) as server:
        with connected(server.url) as connection, pytest.raises(UpstreamUnreachable) as caught:
            await get(connection, server.url + FILE)
    assert caught.value.reason == (
        "presented a certificate that is not trusted: self-signed certificate; set ca_bundle or verify_ssl=false"
    )
    assert not server.requests


async def test_verification_off_accepts_any_certificate(tmp_path: Path) -> None:
    async with running(self_signed_context(tmp_path, hosts=["elsewhere.example.org"])) as server:
        server.add_file("demo", "demo-1.0.tar.gz", b"content")
        with connected(server.url, verify_ssl=False) as connection:
            assert (await get(connection, server.url + FILE)).body == b"content"


async def test_the_upstreams_own_bundle_is_trusted(tmp_path: Path) -> None:
    """(pain 34)"""
    authority = Authority(tmp_path)
    async with running(authority.server_context()) as server:
        server.add_file("demo", "demo-1.0.tar.gz", b"content")
        with connected(server.url, ca_bundle=str(authority.certificate)) as connection:
            assert (await get(connection, server.url + FILE)).body == b"content"


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
async def test_the_environments_bundle_is_trusted(tmp_path: Path, variable: str) -> None:
    authority = Authority(tmp_path)
    async with running(authority.server_context()) as server:
        server.add_file("demo", "demo-1.0.tar.gz", b"content")
        with connected(server.url, {variable: str(authority.certificate)}) as connection:
            assert (await get(connection, server.url + FILE)).body == b"content"


async def test_the_upstreams_bundle_counts_more_than_the_environments(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "other authority")
    async with running(authority.server_context()) as server:
        environ = {"SSL_CERT_FILE": str(authority.certificate)}
        with (
            connected(server.url, environ, ca_bundle=str(other.certificate)) as connection,
            pytest.raises(UpstreamUnreachable, match="not trusted"),
        ):
            await get(connection, server.url + FILE)


async def test_a_certificate_for_another_host_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with running(authority.server_context(["elsewhere.example.org"])) as server:
        with (
            connected(server.url, ca_bundle=str(authority.certificate)) as connection,
            pytest.raises(UpstreamUnreachable, match="not trusted"),
        ):
            await get(connection, server.url + FILE)


async def test_a_bundle_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    async with running(self_signed_context(tmp_path)) as server:
        with (
            connected(server.url, ca_bundle=str(tmp_path / "gone.pem")) as connection,
            pytest.raises(UpstreamUnreachable, match=r"gone\.pem"),
        ):
            await get(connection, server.url + FILE)


async def test_a_client_certificate_is_presented_on_every_request(tmp_path: Path) -> None:
    authority, clients = Authority(tmp_path), Authority(tmp_path, "clients")
    certificate, key = clients.issue("pyproxy")
    async with running(authority.server_context(clients=clients)) as server:
        server.add_file("demo", "demo-1.0.tar.gz", b"content")
        settings = {"client_certificate": str(certificate), "client_key": str(key)}
        with connected(server.url, ca_bundle=str(authority.certificate), **settings) as connection:
            for _ in range(3):
                assert (await get(connection, server.url + FILE)).body == b"content"
                await server.restart()


async def test_certificate_and_key_may_stand_in_one_file(tmp_path: Path) -> None:
    authority, clients = Authority(tmp_path), Authority(tmp_path, "clients")
    certificate, key = clients.issue("pyproxy")
    both = tmp_path / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    async with running(authority.server_context(clients=clients)) as server:
        server.add_file("demo", "demo-1.0.tar.gz", b"content")
        with connected(server.url, ca_bundle=str(authority.certificate), client_certificate=str(both)) as connection:
            assert (await get(connection, server.url + FILE)).body == b"content"


async def test_an_upstream_that_wants_a_client_certificate_says_so(tmp_path: Path) -> None:
    authority, clients = Authority(tmp_path), Authority(tmp_path, "clients")
    async with running(authority.server_context(clients=clients)) as server:
        with (
            connected(server.url, ca_bundle=str(authority.certificate)) as connection,
            pytest.raises(UpstreamUnreachable, match="certificate required; set client_certificate"),
        ):
            await get(connection, server.url + FILE)


async def test_the_client_certificate_is_not_shown_to_other_hosts(tmp_path: Path) -> None:
    authority, clients = Authority(tmp_path), Authority(tmp_path, "clients")
    certificate, key = clients.issue("pyproxy")
    wants = authority.server_context(clients=clients)
    async with running(wants) as server, running(authority.server_context(clients=clients)) as other:
        server.behave("/packages/", Redirect(other.url + FILE))
        settings = {"client_certificate": str(certificate), "client_key": str(key)}
        with (
            connected(server.url, ca_bundle=str(authority.certificate), **settings) as connection,
            pytest.raises(UpstreamUnreachable, match="certificate required"),
        ):
            await get(connection, server.url + FILE)
    assert len(server.requests) == 1
    assert not other.requests


async def test_https_never_leads_to_http_unless_the_hash_is_listed(tmp_path: Path) -> None:
    """(F38)"""
    async with running(self_signed_context(tmp_path)) as server, running() as plain:
        plain.add_file("demo", "demo-1.0.tar.gz", b"content")
        server.behave("/packages/", Redirect(plain.url + FILE))
        with connected(server.url, verify_ssl=False) as connection:
            for url in (server.url + FILE, plain.url + FILE):
                with pytest.raises(UpstreamForbidden, match="from https down to http"):
                    await get(connection, url)
                assert not plain.requests
            answer = await get(connection, server.url + FILE, allow_http_downgrade=True)
    assert answer.body == b"content"


async def test_an_http_upstream_may_lead_to_https(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with running() as server, running(authority.server_context()) as secure:
        secure.add_file("demo", "demo-1.0.tar.gz", b"content")
        server.behave("/packages/", Redirect(secure.url + FILE))
        with connected(server.url, ca_bundle=str(authority.certificate)) as connection:
            assert (await get(connection, server.url + FILE)).body == b"content"


async def test_one_slow_answer_holds_up_no_other_request(tmp_path: Path) -> None:
    """An HTTP/1.1 server over TLS, on a cold pool: every request gets a connection of its own."""
    authority = Authority(tmp_path)
    event = asyncio.Event()
    async with running(authority.server_context()) as server:
        server.behave("/simple/", Hold(event))
        with connected(server.url, ca_bundle=str(authority.certificate)) as connection:
            pages = [get(connection, f"{server.index_url}{number}/", kind="page") for number in range(30)]
            tasks = [asyncio.create_task(page) for page in pages]
            await server.requested("/simple/", 30)
            event.set()
            await asyncio.gather(*tasks)


TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Nginx:
    """A real HTTP/2 server; answers every request with the protocol and the number of its connection."""

    def __init__(self, directory: Path, authority: Authority) -> None:
        certificate, key = authority.issue("127.0.0.1", ["127.0.0.1"])
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"https://127.0.0.1:{port}"
        configuration = directory / "nginx.conf"
        configuration.write_text(
            f"daemon off; pid {directory}/nginx.pid; error_log stderr warn;\n"
            "events {}\n"
            "http { access_log off;\n"
            + "".join(f"{name}_temp_path {directory}/{name};\n" for name in TEMPORARY)
            + f"server {{ listen 127.0.0.1:{port} ssl http2;\n"
            f"ssl_certificate {certificate}; ssl_certificate_key {key};\n"
            'location / { return 200 "$server_protocol $connection"; } } }\n'
        )
        command = ["nginx", "-p", str(directory), "-c", str(configuration)]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        self._port = port

    async def ready(self) -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                assert self._process.poll() is None, "nginx did not start"
                await asyncio.sleep(0.01)
            else:
                writer.close()
                return

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def nginx(tmp_path: Path, authority: Authority) -> Iterator[Nginx]:
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed")
    server = Nginx(tmp_path, authority)
    yield server
    server.stop()


async def test_http2_is_used_where_it_is_offered_and_a_burst_shares_one_connection(
    nginx: Nginx, authority: Authority
) -> None:
    await nginx.ready()
    with connected(nginx.url, ca_bundle=str(authority.certificate)) as connection:
        answers = await asyncio.gather(*(get(connection, f"{nginx.url}/{n}", kind="page") for n in range(30)))
    protocols = {bytes(answer.body).split()[0] for answer in answers}
    connections = {bytes(answer.body).split()[1] for answer in answers}
    assert protocols == {b"HTTP/2.0"}
    assert len(connections) == 1
