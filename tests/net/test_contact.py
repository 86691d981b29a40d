"""A first connection: its stages as they are reached, and what curl tells about it."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import pytest

from pyproxy.errors import UpstreamTimeout, UpstreamUnreachable
from pyproxy.net.contact import Contact
from pyproxy.net.route import Route
from pyproxy.settings import UpstreamSettings
from tests.net.asking import running
from tests.upstream.certificates import Authority, self_signed_context
from tests.upstream_server import SilentListener, closed_port


def contact(url: str, connect_timeout_ms: int = 5000, **settings: object) -> Contact:
    upstream = UpstreamSettings(name="acme", url=url, **settings)  # type: ignore[arg-type]
    return Contact("acme", url, Route.of(url, upstream, {}), connect_timeout_ms=connect_timeout_ms)


async def stages(it: Contact) -> list[str]:
    async with aclosing(it.stages()) as reached:
        return [stage.name async for stage in reached]


async def test_a_connection_without_tls_has_two_stages() -> None:
    async with running() as server:
        it = contact(server.url)
        assert await stages(it) == ["look-up", "connect"]
        assert it.address == f"127.0.0.1:{server.port}"
        assert server.requests == []


async def test_a_connection_with_tls_tells_version_and_certificates(tmp_path: Path) -> None:
    """``tls_version`` comes from a line that curl prints: an upgrade may word it in another way."""
    authority = Authority(tmp_path)
    async with running(authority.server_context()) as server:
        it = contact(server.url, ca_bundle=str(authority.certificate))
        assert await stages(it) == ["look-up", "connect", "TLS"]
    assert it.tls_version == "TLSv1.3"
    assert len(it.certificates) == 1
    assert it.certificates[0].startswith("-----BEGIN CERTIFICATE-----")
    assert it.certificate_problem is None


async def test_the_certificates_are_there_when_the_stage_of_tls_is_told(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with running(authority.server_context()) as server:
        it = contact(server.url, ca_bundle=str(authority.certificate))
        async with aclosing(it.stages()) as reached:
            async for stage in reached:
                if stage.name == "TLS":
                    assert it.certificates
                    assert it.tls_version


async def test_a_certificate_that_is_not_trusted_is_a_problem_of_its_own(tmp_path: Path) -> None:
    async with running(self_signed_context(tmp_path)) as server:
        it = contact(server.url)
        with pytest.raises(UpstreamUnreachable, match="not trusted"):
            await stages(it)
    assert it.certificate_problem == "self-signed certificate"


async def test_a_refused_connection_is_no_problem_of_certificates() -> None:
    it = contact(f"http://127.0.0.1:{closed_port()}/")
    with pytest.raises(UpstreamUnreachable, match="refused the connection"):
        await stages(it)
    assert it.certificate_problem is None


async def test_a_silent_server_ends_by_the_connect_timeout() -> None:
    listener = SilentListener()
    try:
        with pytest.raises(UpstreamTimeout, match="200 ms"):
            await stages(contact(f"https://127.0.0.1:{listener.port}/", connect_timeout_ms=200))
    finally:
        listener.close()
