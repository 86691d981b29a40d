"""What real installers make of a wrong index URL: it works whole, or they say what is wrong; never in part."""

from __future__ import annotations

import tomllib

import pytest

from .conftest import MakeClient
from .server import PyproxyServer
from .upstream_thread import UpstreamThread

pytestmark = pytest.mark.clients

INSTALLERS = ("pip", "uv")
HABITS = ("/index/", "/root/pypi/+simple/", "/repository/all/simple/", "/simple/simple")
"""Other servers' ways of writing the index URL, and a common slip."""


@pytest.fixture
def greeting(upstream: UpstreamThread) -> UpstreamThread:
    """``greeting``, which needs ``words``, and a project whose name means something else at the server's root."""
    upstream.publish_wheel("words", "1.0")
    upstream.publish_wheel("greeting", "1.0", requires=["words"])
    upstream.publish_wheel("simple", "1.0")
    return upstream


@pytest.mark.parametrize("path", HABITS)
@pytest.mark.parametrize("installer", INSTALLERS)
def test_another_servers_way_of_writing_the_index_url_works_whole(
    installer: str, path: str, greeting: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    client = make_client()
    install = client.pip_install if installer == "pip" else client.uv_pip_install
    install(f"{pyproxy.url}{path}", "greeting", "simple").succeeded()
    assert client.target.installed() == {"greeting": "1.0", "words": "1.0", "simple": "1.0"}


def test_uv_locks_the_files_addresses_that_stay_right(
    greeting: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    """Behind a redirect, too, a lock file holds the addresses that name the hashes."""
    client = make_client()
    client.uv_lock(f"{pyproxy.url}/root/pypi/+simple/", ["greeting"]).succeeded()
    lock = tomllib.loads((client.project / "uv.lock").read_text(encoding="utf-8"))
    wheels = [wheel["url"] for package in lock["package"] for wheel in package.get("wheels", ())]
    assert len(wheels) == 2
    assert all(url.startswith(f"{pyproxy.url}/files/") for url in wheels)


@pytest.mark.parametrize("path", ["/", "/pypi/"])
def test_uv_says_which_url_is_right_where_there_is_no_index(
    path: str, greeting: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    run = make_client().uv_pip_install(f"{pyproxy.url}{path}", "greeting").failed()
    assert f"the index URL is {pyproxy.url}/simple/" in " ".join(run.text.split())
    assert greeting.count("/simple/") == 0


@pytest.mark.parametrize("path", ["/", "/pypi/"])
def test_uv_does_not_pass_over_it_to_the_next_index(
    path: str, greeting: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    """A mistyped private index must not hand its names to a public one."""
    run = make_client().uv_pip_install(pyproxy.index_url, "--index", f"{pyproxy.url}{path}", "greeting").failed()
    assert "the index URL is" in " ".join(run.text.split())


@pytest.mark.parametrize("path", ["/", "/pypi/"])
def test_pip_installs_nothing_and_says_why_when_asked(
    path: str, greeting: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    client = make_client()
    run = client.pip_install(f"{pyproxy.url}{path}", "-vv", "greeting", "simple").failed()
    assert f"the index URL is {pyproxy.url}/simple/" in run.text
    assert client.target.installed() == {}
