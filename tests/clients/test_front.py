"""Behind nginx, under a prefix and with TLS, with no setting on either side: links are relative."""

from __future__ import annotations

import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.upstream.certificates import HOSTS, Authority

from .conftest import MakeClient
from .front import PREFIX, Nginx
from .server import PyproxyServer
from .upstream_thread import UpstreamThread

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(Nginx.program() is None, reason="nginx is not installed (apt install nginx-light)"),
]


both_installers = pytest.mark.parametrize("installer", ["pip_install", "uv_pip_install"])


@pytest.fixture
def greeting(upstream: UpstreamThread) -> UpstreamThread:
    """``greeting`` 1.0, which needs ``Words``, spelled as nobody asks for it, and ``words`` 1.0."""
    upstream.publish_wheel("words", "1.0")
    upstream.publish_wheel("greeting", "1.0", requires=["Words"])
    return upstream


@both_installers
def test_an_install_works_under_a_prefix(
    installer: str,
    greeting: UpstreamThread,
    pyproxy: PyproxyServer,
    make_client: MakeClient,
    running: ExitStack,
    tmp_path: Path,
) -> None:
    """(check 29, pain 19)"""
    front = running.enter_context(Nginx(tmp_path / "nginx", pyproxy.url))
    client = make_client()
    getattr(client, installer)(front.index_url, "greeting").succeeded()
    assert client.target.installed() == {"greeting": "1.0", "words": "1.0"}


@both_installers
def test_an_install_works_under_a_prefix_with_tls(
    installer: str,
    greeting: UpstreamThread,
    pyproxy: PyproxyServer,
    make_client: MakeClient,
    running: ExitStack,
    tmp_path: Path,
) -> None:
    """(check 29) A client that is sent to http from https would refuse; so would one sent past the prefix."""
    authority = Authority(tmp_path)
    certificate, key = authority.issue(HOSTS[0], HOSTS)
    front = running.enter_context(Nginx(tmp_path / "nginx", pyproxy.url, certificate=certificate, key=key))
    trusting = {"SSL_CERT_FILE": str(authority.certificate), "REQUESTS_CA_BUNDLE": str(authority.certificate)}
    client = make_client(trusting)
    getattr(client, installer)(front.index_url, "greeting").succeeded()
    assert client.target.installed() == {"greeting": "1.0", "words": "1.0"}


def test_redirects_stay_under_the_prefix(
    greeting: UpstreamThread, pyproxy: PyproxyServer, running: ExitStack, tmp_path: Path
) -> None:
    """(checks 2 and 3)"""
    front = running.enter_context(Nginx(tmp_path / "nginx", pyproxy.url))
    for path in ("simple/Words/", "simple/words", "simple/WORDS"):
        with urllib.request.urlopen(f"{front.url}{PREFIX}/{path}") as answer:
            assert answer.url == f"{front.index_url}words/"
