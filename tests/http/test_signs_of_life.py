"""What an administrator and his machines see of a running server: headers, access log, health."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import logging
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from pyproxy.config.model import ServerConfig
from tests.distributions import make_wheel
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock, Proxy
from tests.http.wire import get_raw
from tests.upstream_server import Status, UpstreamServer

LOCALHOST = ipaddress.ip_network("127.0.0.0/8")
INNER = ipaddress.ip_network("10.0.0.0/8")


class AccessLog:
    """The lines that were written so far."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    @property
    def lines(self) -> list[str]:
        records = [record for record in self._caplog.records if record.name == "pyproxy.access"]
        return [line for record in records for line in record.getMessage().split("\n")]

    def last(self) -> dict[str, Any]:
        """The newest line of a JSON log."""
        line: dict[str, Any] = json.loads(self.lines[-1])
        return line


@pytest.fixture
def access_log(caplog: pytest.LogCaptureFixture) -> Iterator[AccessLog]:
    with caplog.at_level(logging.INFO, "pyproxy.access"):
        yield AccessLog(caplog)


async def start(upstream: UpstreamServer, start_proxy: StartProxy, **settings: Any) -> tuple[Proxy, str, bytes]:
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content)
    return await start_proxy(upstream, **settings), filename, content


async def test_each_request_leaves_one_line_that_says_all(
    upstream: UpstreamServer, start_proxy: StartProxy, access_log: AccessLog
) -> None:
    """Also whether it was cached, and where it came from (pain 30)."""
    proxy, filename, content = await start(upstream, start_proxy)
    page = await proxy.get("/simple/demo/", {"User-Agent": "pip/26.3 {}"})
    file = await proxy.file("demo", filename)  # asks for the page and then for the file
    assert file.body == content
    assert len(access_log.lines) == 3
    first, _, last = access_log.lines
    milliseconds = r"\d+\.\dms"
    assert re.fullmatch(
        rf"127\.0\.0\.1 GET /simple/demo/ 200 miss first {len(page.body)} {milliseconds} demo pip/26\.3", first
    )
    path = re.escape(f"/files/demo/{hashlib.sha256(content).hexdigest()}/{filename}")
    assert re.fullmatch(
        rf"127\.0\.0\.1 GET {path} 200 miss first {len(content)} {milliseconds} {re.escape(filename)} -", last
    )


async def test_the_json_log_says_the_same(
    upstream: UpstreamServer, start_proxy: StartProxy, access_log: AccessLog, clock: Clock
) -> None:
    proxy, filename, content = await start(upstream, start_proxy, log_format="json")
    await proxy.get("/simple/demo/")
    assert access_log.last() | {"time": "", "ms": 0} == {
        "time": "",
        "logger": "pyproxy.access",
        "client": "127.0.0.1",
        "method": "GET",
        "path": "/simple/demo/",
        "subject": "demo",
        "status": 200,
        "outcome": "miss",
        "upstream": "first",
        "bytes": access_log.last()["bytes"],
        "ms": 0,
        "agent": "-",
    }
    await proxy.get("/simple/demo/")
    assert access_log.last()["outcome"] == "hit"
    await proxy.file("demo", filename)
    await proxy.file("demo", filename)
    assert (access_log.last()["outcome"], access_log.last()["subject"]) == ("hit", filename)
    assert access_log.last()["bytes"] == len(content)
    upstream.behave("/simple/", Status(500))
    clock.advance(301)
    await proxy.get("/simple/demo/")
    assert access_log.last()["outcome"] == "stale"


async def test_a_failure_is_logged_with_the_upstream_that_failed(
    upstream: UpstreamServer, start_proxy: StartProxy, access_log: AccessLog
) -> None:
    upstream.behave("/simple/", Status(500))
    proxy, _, _ = await start(upstream, start_proxy, log_format="json")
    await proxy.get("/simple/demo/")
    line = access_log.last()
    assert (line["status"], line["outcome"], line["upstream"]) == (502, "failed", "first")


async def test_bytes_are_those_that_were_sent(
    upstream: UpstreamServer, start_proxy: StartProxy, access_log: AccessLog
) -> None:
    proxy, _, _ = await start(upstream, start_proxy, log_format="json")
    page = await proxy.get("/simple/demo/")
    await proxy.get("/simple/demo/", method="HEAD")
    assert access_log.last()["bytes"] == 0
    await proxy.get("/simple/demo/", {"If-None-Match": page.headers["ETag"]})
    assert (access_log.last()["status"], access_log.last()["bytes"]) == (304, 0)


@pytest.mark.parametrize("log_format", ["text", "json"])
async def test_nobody_can_forge_a_line(
    log_format: str, upstream: UpstreamServer, start_proxy: StartProxy, access_log: AccessLog
) -> None:
    proxy, _, _ = await start(upstream, start_proxy, log_format=log_format)
    forged = b"User-Agent: x\x85127.0.0.1\xa0GET\xa0/admin\xa0200\r\nX-Forwarded-For: 6.6.6.6\r\n"
    targets = [
        b"/simple/%0a127.0.0.1%20GET/",
        b"/files/demo/%e2%80%a8x.whl",
        b"/files/demo/a%20200%20hit%20first%2012.whl",
        b"/\x85\xe2\x80\xa8x",
        b'/simple/"},{"status":200/',
        b"/" + b"x" * 30_000,
    ]
    for target in targets:
        await get_raw(proxy.port, target, headers=forged)
    assert len(access_log.lines) == len(targets)
    for line in access_log.lines:
        assert line.isprintable()
        assert len(line) < 1500
        if log_format == "json":
            assert json.loads(line)["client"] == "127.0.0.1"
        else:
            assert line.startswith("127.0.0.1 GET /")
            assert len(line.split()) == 10


async def test_a_stranger_cannot_choose_his_address(
    upstream: UpstreamServer, start_proxy: StartProxy, access_log: AccessLog
) -> None:
    proxy, _, _ = await start(upstream, start_proxy, log_format="json")
    await proxy.get("/simple/demo/", {"X-Forwarded-For": "203.0.113.9", "X-Real-Ip": "203.0.113.9"})
    assert access_log.last()["client"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::1"),
        ("evil\t<x>", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
async def test_a_trusted_front_says_who_asks(
    forwarded: str, client: str, upstream: UpstreamServer, start_proxy: StartProxy, access_log: AccessLog
) -> None:
    server = ServerConfig(port=0, trusted_proxies=(LOCALHOST, INNER))
    proxy, _, _ = await start(upstream, start_proxy, log_format="json", server=server)
    await proxy.get("/simple/demo/", {"X-Forwarded-For": forwarded})
    assert access_log.last()["client"] == client


async def test_a_trusted_front_says_under_which_address_it_is_seen(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    seen = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "pypi.example.org", "X-Forwarded-Prefix": "/team"}
    trusting, _, _ = await start(upstream, start_proxy, server=ServerConfig(port=0, trusted_proxies=(LOCALHOST,)))
    assert b"https://pypi.example.org/team/simple/" in (await trusting.get("/", seen)).body
    odd = {"X-Forwarded-Proto": "javascript", "X-Forwarded-Host": "<b>", "X-Forwarded-Prefix": '"><i>'}
    assert f"{trusting.url}/simple/".encode() in (await trusting.get("/", odd)).body


async def test_a_strangers_forwarded_address_is_ignored(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy, _, _ = await start(upstream, start_proxy)
    answer = await proxy.get("/", {"X-Forwarded-Host": "evil.example.org", "X-Forwarded-Proto": "https"})
    assert b"evil.example.org" not in answer.body


async def test_health_and_readiness(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """With its upstream down, a server is as ready as ever: what is cached is served."""
    proxy, _, _ = await start(upstream, start_proxy)
    await upstream.stop()
    for path, status in (("/healthz", "ok"), ("/readyz", "ready")):
        answer = await proxy.get(path)
        head = await proxy.get(path, method="HEAD")
        assert (answer.status, answer.json()["status"]) == (200, status)
        assert (head.status, head.body) == (200, b"")
        assert answer.headers["Cache-Control"] == "no-store"


async def test_a_server_without_its_storage_is_alive_but_not_ready(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy, _, _ = await start(upstream, start_proxy)
    directory = proxy.config.storage.directory
    shutil.move(directory, directory.with_name("gone"))
    try:
        ready = await proxy.get("/readyz")
        assert (ready.status, ready.json()["status"]) == (503, "not ready")
        assert "cannot be written" in ready.json()["checks"]["storage"]
        assert str(directory).encode() not in ready.body  # anybody may ask
        assert (await proxy.get("/healthz")).status == 200
    finally:
        shutil.move(directory.with_name("gone"), directory)
    assert (await proxy.get("/readyz")).status == 200
