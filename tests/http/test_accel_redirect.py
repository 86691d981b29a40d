"""nginx sends kept files itself where it may: told the place of the bytes, and never to anybody else."""

from __future__ import annotations

import ipaddress
import json
import logging

import pytest

from pyproxy.config.model import ServerConfig
from tests.distributions import make_wheel
from tests.http.calls import address, ask, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.upstream_server import UpstreamServer

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=200_000)
PATH = address("demo", FILENAME, CONTENT)
SHA256 = PATH.split("/")[3]
PLACE = f"/kept-files/{SHA256[:2]}/{SHA256}"
NGINX = {"X-Sendfile-Type": "X-Accel-Redirect"}


async def serving(
    upstream: UpstreamServer, start_proxy: StartProxy, *, accel_redirect: str | None = "/kept-files/",
    trusted: str = "127.0.0.0/8",
) -> Proxy:  # fmt: skip
    """A proxy that has the file."""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    server = ServerConfig(port=0, accel_redirect=accel_redirect, trusted_proxies=(ipaddress.ip_network(trusted),))
    proxy = await start_proxy(upstream, server=server, log_format="json")
    assert (await ask(proxy, PATH, NGINX)).body == CONTENT, "what is not kept yet is sent as ever"
    await idle(proxy)
    return proxy


async def test_nginx_is_told_the_place_and_all_that_the_client_is_told(
    upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy = await serving(upstream, start_proxy)
    with caplog.at_level(logging.INFO, "pyproxy.access"):
        answer = await ask(proxy, PATH, NGINX)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["X-Accel-Redirect"] == PLACE
    assert (proxy.files_directory / PLACE.removeprefix("/kept-files/")).read_bytes() == CONTENT
    assert answer.headers["ETag"] == f'"{SHA256}"'
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "immutable" in answer.headers["Cache-Control"]
    assert (answer.cache_status, answer.upstream) == ("pyproxy; hit", "first")
    line = json.loads(caplog.records[-1].message)
    assert (line["outcome"], line["bytes"]) == ("hit", len(CONTENT))


@pytest.mark.parametrize(("wanted", "count"), [("bytes=5-9", 5), ("bytes=-22", 22), ("bytes=0-1,5-9", len(CONTENT))])
async def test_ranges_are_left_to_nginx_and_counted(
    wanted: str, count: int, upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy = await serving(upstream, start_proxy)
    with caplog.at_level(logging.INFO, "pyproxy.access"):
        answer = await ask(proxy, PATH, {**NGINX, "Range": wanted})
    assert (answer.status, answer.headers["X-Accel-Redirect"]) == (200, PLACE)
    assert answer.headers["Content-Range"] is None
    assert json.loads(caplog.records[-1].message)["bytes"] == count


async def test_what_has_no_bytes_is_answered_as_ever(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await serving(upstream, start_proxy)
    head = await ask(proxy, PATH, NGINX, method="HEAD")
    assert (head.status, head.headers["Content-Length"]) == (200, str(len(CONTENT)))
    known = await ask(proxy, PATH, {**NGINX, "If-None-Match": f'"{SHA256}"'})
    outside = await ask(proxy, PATH, {**NGINX, "Range": "bytes=999999-"})
    assert (known.status, outside.status) == (304, 416)
    assert [each.headers["X-Accel-Redirect"] for each in (head, known, outside)] == [None] * 3


async def test_metadata_from_a_kept_wheel_has_no_place(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await serving(upstream, start_proxy)
    answer = await ask(proxy, PATH + ".metadata", NGINX)
    assert (answer.body, answer.headers["X-Accel-Redirect"]) == (METADATA, None)


@pytest.mark.parametrize(
    ("accel_redirect", "trusted", "headers"),
    [
        (None, "127.0.0.0/8", NGINX),
        ("/kept-files/", "10.0.0.0/8", NGINX),
        ("/kept-files/", "10.0.0.0/8", {**NGINX, "X-Forwarded-For": "10.0.0.1"}),
        ("/kept-files/", "127.0.0.0/8", {}),
        ("/kept-files/", "127.0.0.0/8", {"X-Sendfile-Type": "X-Sendfile"}),
    ],
    ids=["not configured", "not trusted", "not trusted, says it is", "does not say so", "wants something else"],
)
async def test_everybody_else_gets_the_bytes(
    accel_redirect: str | None, trusted: str, headers: dict[str, str], upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """To them, the place would be an empty file with a right status."""
    proxy = await serving(upstream, start_proxy, accel_redirect=accel_redirect, trusted=trusted)
    answer = await ask(proxy, PATH, headers)
    assert (answer.body, answer.headers["X-Accel-Redirect"]) == (CONTENT, None)
