"""What an upstream sees of the clients behind pyproxy."""

from __future__ import annotations

import pytest

from ..conftest import MakeClient, StartPyproxy
from ..upstream_thread import UpstreamThread
from .catalogue import EXPECTED, publish_catalogue

pytestmark = pytest.mark.clients


def test_the_upstream_is_asked_in_our_own_name_for_json_and_conditionally(
    upstream: UpstreamThread, start_pyproxy: StartPyproxy, make_client: MakeClient
) -> None:
    """(check 84)"""
    publish_catalogue(upstream)
    pyproxy = start_pyproxy({"name": "scripted", "url": upstream.url, "index_ttl": "0s"})
    by_pip, by_uv = make_client(), make_client()
    by_pip.pip_install(pyproxy.index_url, "greeting", "bare").succeeded()
    cold = upstream.requests
    by_uv.uv_pip_install(pyproxy.index_url, "greeting", "bare").succeeded()
    warm = upstream.requests[len(cold) :]
    assert by_pip.target.installed() == by_uv.target.installed() == EXPECTED
    assert {one.path for one in warm} == {"/simple/greeting/", "/simple/bare/", "/simple/words/"}
    assert all("if-none-match" in one.headers for one in warm)
    for one in (*cold, *warm):
        assert one.headers["user-agent"].startswith("pyproxy/")
        assert "authorization" not in one.headers
        if one.path.startswith("/simple/"):
            assert one.headers["accept"].startswith("application/vnd.pypi.simple.v1+json")
        else:
            assert one.headers["accept-encoding"] == "identity"
