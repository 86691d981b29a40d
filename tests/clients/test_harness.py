"""The harness itself, without pyproxy: the clients straight at the scripted upstream and at pypiserver.

Where a test through pyproxy fails and its counterpart here passes, the fault is pyproxy's.
"""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from .conftest import MakeClient, MakePypiServer
from .recorder import Recorder
from .upstream_thread import UpstreamThread

pytestmark = pytest.mark.clients


def test_pip_and_uv_install_from_the_scripted_upstream(upstream: UpstreamThread, make_client: MakeClient) -> None:
    upstream.publish_wheel("words", "1.0")
    upstream.publish_wheel("greeting", "2.0", requires=["words"])
    by_pip, by_uv = make_client(), make_client()
    by_pip.pip_install(f"{upstream.url}/simple/", "greeting").succeeded()
    by_uv.uv_pip_install(f"{upstream.url}/simple/", "greeting").succeeded()
    assert by_pip.target.installed() == by_uv.target.installed() == {"greeting": "2.0", "words": "1.0"}


def test_pip_and_uv_build_the_sdist(upstream: UpstreamThread, make_client: MakeClient) -> None:
    upstream.publish_sdist("source-only", "1.0")
    by_pip, by_uv = make_client(), make_client()
    by_pip.pip_install(f"{upstream.url}/simple/", "source-only").succeeded()
    by_uv.uv_pip_install(f"{upstream.url}/simple/", "source-only").succeeded()
    assert by_pip.target.installed() == by_uv.target.installed() == {"source-only": "1.0"}


def test_the_recorder_sees_and_refuses_strangers(
    upstream: UpstreamThread, make_client: MakeClient, running: ExitStack
) -> None:
    upstream.publish_wheel("words", "1.0")
    recorder = running.enter_context(Recorder(upstream.url.removeprefix("http://")))
    client = make_client({**recorder.environ, "UV_HTTP_RETRIES": "0"})
    client.pip_install(f"{upstream.url}/simple/", "words").succeeded()
    client.uv_pip_install(f"{upstream.url}/simple/", "--reinstall", "words").succeeded()
    assert recorder.strangers == set()
    assert {one.path for one in recorder.take()} >= {"/simple/words/", "/packages/words/words-1.0-py3-none-any.whl"}
    client.pip_download("https://pip.example.org/simple/", "--retries", "0", "words").failed()
    client.uv_pip_install("https://uv.example.org/simple/", "--reinstall", "words").failed()
    assert recorder.strangers == {"pip.example.org:443", "uv.example.org:443"}


def test_pypiserver_serves_the_account_and_nobody_else(
    upstream: UpstreamThread, make_client: MakeClient, make_pypiserver: MakePypiServer
) -> None:
    private = make_pypiserver()
    private.add("words-1.0-py3-none-any.whl", upstream.publish_wheel("words", "1.0"))
    with private:
        stranger = make_client()
        stranger.pip_install(private.index_url, "words").failed()
        user = make_client()
        account = f"http://{private.username}:correct%20horse%3Abattery@127.0.0.1:{private.port}/simple/"
        user.pip_install(account, "words").succeeded()
        assert user.target.installed() == {"words": "1.0"}
