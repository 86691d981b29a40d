"""An upstream's credentials are for the upstream: whatever happens, nobody else gets to see them."""

from __future__ import annotations

import base64
import logging

import pytest

from pyproxy.settings import UpstreamSettings
from tests.distributions import make_wheel
from tests.http.calls import address, ask
from tests.http.conftest import StartProxy
from tests.http.proxy import HTML, JSON
from tests.upstream_server import Behaviour, Corrupt, Normal, Portal, Redirect, Reset, Status, UpstreamServer

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0")
PASSWORD = "s3cret:w/rd"
SECRETS = (
    PASSWORD,
    "s3cret%3Aw%2Frd",
    base64.b64encode(f"reader:{PASSWORD}".encode()).decode(),
    "signed-for-us",
)


@pytest.mark.parametrize(
    "behaviour",
    [
        Normal(),
        Status(401),
        Status(403),
        Status(500),
        Portal(f"<title>Welcome</title>{PASSWORD}".encode()),
        Reset(),
        Corrupt(),
        Redirect(f"http://reader:{PASSWORD.replace('/', '%2F')}@elsewhere.example.org/?token=signed-for-us"),
    ],
    ids=str,
)
async def test_credentials_are_in_no_answer_and_in_no_log(
    behaviour: Behaviour, upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    """Bodies, headers, reason phrases and every line of the log, also at level debug (check 64, pain 12)."""
    caplog.set_level(logging.INFO, "tornado.curl_httpclient")  # as `logs.set_up` does: it would show whole URLs
    caplog.set_level(logging.DEBUG)
    upstream.username, upstream.password = "reader", PASSWORD
    url = f"{upstream.url}/packages/demo/{FILENAME}?token=signed-for-us"
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA, url=url)
    settings = UpstreamSettings(name="first", url=upstream.url, username="reader", password=PASSWORD)
    proxy = await start_proxy(settings)
    told = []
    for broken in ("", "/packages/", "/simple/"):
        if broken:
            upstream.behave(broken, behaviour)
        for project in ("demo", f"other{len(told)}"):
            for path in (f"/simple/{project}/", address(project, FILENAME, CONTENT), f"/files/{project}/{FILENAME}"):
                for accept in (JSON, HTML, "text/html,application/xhtml+xml"):
                    answer = await ask(proxy, path, {"Accept": accept})
                    told.append(f"{answer.reason}\n{answer.headers}\n{answer.body.decode('latin-1')}")
    assert "authorization" in upstream.requests[0].headers
    assert "DEBUG" in caplog.text
    everything = "\n".join([*told, caplog.text])
    assert [secret for secret in SECRETS if secret in everything] == []
