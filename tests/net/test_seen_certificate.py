"""Until when an upstream's certificate is valid: read where it costs nothing, and again each hour."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path

import pytest

from pyproxy.errors import UpstreamUnreachable
from pyproxy.net.connection import UpstreamConnection
from pyproxy.net.seen_certificate import LOOK_SECONDS, SeenCertificate
from tests.net.asking import connected, fetcher, get, running
from tests.upstream.certificates import HOSTS, Authority
from tests.upstream_server import Redirect, UpstreamServer

FILE = "/packages/demo/demo-1.0.tar.gz"
FIRST = datetime.datetime(2101, 5, 1, tzinfo=datetime.UTC)
RENEWED = datetime.datetime(2102, 5, 1, tzinfo=datetime.UTC)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def show(context: ssl.SSLContext, authority: Authority, end: datetime.datetime) -> ssl.SSLContext:
    """From now on the server shows one that ends then."""
    context.load_cert_chain(*authority.issue(HOSTS[0], HOSTS, end=end))
    return context


async def ask(server: UpstreamServer, connection: UpstreamConnection) -> float | None:
    """A request on a new connection; until when the certificate is known to be valid then."""
    await server.restart()
    await get(connection, server.url + FILE)
    return connection.certificate.ends


async def test_the_end_of_the_certificate_is_known_after_the_first_request(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with running(show(authority.server_context(), authority, FIRST)) as server:
        with connected(server.url, ca_bundle=str(authority.certificate)) as connection:
            assert connection.certificate.ends is None
            pages = fetcher(connection, server.index_url)
            await pages.fetch("demo", etag=None, last_modified=None, page_timeout=20)
            assert connection.certificate.ends == FIRST.timestamp()
            assert pages.certificate_ends == FIRST.timestamp()


async def test_a_renewed_one_is_noticed_within_the_hour(tmp_path: Path) -> None:
    authority, clock = Authority(tmp_path), Clock()
    context = show(authority.server_context(), authority, FIRST)
    async with running(context) as server:
        with connected(server.url, ca_bundle=str(authority.certificate), clock=clock) as connection:
            assert await ask(server, connection) == FIRST.timestamp()
            show(context, authority, RENEWED)
            assert await ask(server, connection) == FIRST.timestamp(), "it is not looked at each time"
            clock.now = LOOK_SECONDS
            await get(connection, server.url + FILE)
            assert connection.certificate.ends == FIRST.timestamp(), "a connection that stands tells nothing"
            assert await ask(server, connection) == RENEWED.timestamp()


async def test_it_is_known_also_where_it_is_not_checked(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with running(show(authority.server_context(), authority, FIRST)) as server:
        with connected(server.url, verify_ssl=False) as connection:
            assert await ask(server, connection) == FIRST.timestamp()


async def test_without_tls_there_is_none() -> None:
    async with running() as server:
        with connected(server.url) as connection:
            assert await ask(server, connection) is None


async def test_a_host_that_the_upstream_leads_to_is_not_the_upstream(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with running(show(authority.server_context(), authority, FIRST)) as elsewhere, running() as server:
        elsewhere.add_file("demo", "demo-1.0.tar.gz", b"content")
        server.behave(FILE, Redirect(elsewhere.url + FILE))
        with connected(server.url, ca_bundle=str(authority.certificate)) as connection:
            assert (await get(connection, server.url + FILE)).body == b"content"
            assert connection.certificate.ends is None


async def test_one_that_is_not_accepted_is_not_told(tmp_path: Path) -> None:
    """The failure says what is wrong with it; and whoever stands in between may show any date."""
    authority, other = Authority(tmp_path), Authority(tmp_path, "other authority")
    async with running(authority.server_context()) as server:
        with connected(server.url, ca_bundle=str(other.certificate)) as connection:
            with pytest.raises(UpstreamUnreachable):
                await get(connection, server.url + FILE)
            assert connection.certificate.ends is None


def test_what_cannot_be_read_is_as_if_there_were_none() -> None:
    seen = SeenCertificate(Clock())
    seen.take("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert seen.ends is None
    assert not seen.wanted
