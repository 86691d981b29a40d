"""Whatever an upstream does wrong is found afterwards, by project and file, from another process."""

from __future__ import annotations

import hashlib

import pytest

from pyproxy.storage.failures import Failure
from tests.distributions import make_wheel
from tests.http.calls import address, ask, idle
from tests.http.conftest import StartProxy
from tests.http.explaining import failures_of
from tests.http.proxy import Clock
from tests.upstream_server import (
    Append,
    Behaviour,
    Corrupt,
    Empty,
    Portal,
    Raw,
    Reset,
    Status,
    Truncate,
    UpstreamServer,
)

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATH = address("demo", FILENAME, CONTENT)
LARGE = {"whole_file_below": 1}
HALF_A_RANGE = Raw(
    f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-99/{len(CONTENT)}\r\n"
    "Content-Length: 100\r\nConnection: close\r\n\r\n".encode()
    + CONTENT[:50]
)

ANOTHER_SIZE = Raw(b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-99/7\r\nContent-Length: 100\r\n\r\n")


def only(failures: list[Failure]) -> Failure:
    assert len(failures) == 1, failures
    return failures[0]


@pytest.mark.parametrize(
    ("behaviour", "kind", "reason"),
    [
        (Status(503), "status", "answered 503 Service Unavailable"),
        (Status(401), "credentials refused", "answered 401"),
        (Status(429), "rate limit", "answered 429"),
        (Portal(), "invalid answer", "no index page"),
        (
            Raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{]"),
            "invalid answer",
            "",
        ),
        (Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\nConnection: close\r\n\r\nhalf"), "wrong length", "broke off"),
        (Reset(), "broken connection", "reset the connection"),
        (Raw(b"220 mail.example.org ESMTP\r\n"), "invalid answer", "no HTTP"),
    ],
    ids=["503", "401", "429", "portal", "broken JSON", "half a page", "reset", "no HTTP"],
)
async def test_a_page_that_cannot_be_had_is_recorded_with_its_project(
    upstream: UpstreamServer, start_proxy: StartProxy, behaviour: Behaviour, kind: str, reason: str
) -> None:
    """(pain 30) The last error of an upstream can be looked up."""
    upstream.behave("/simple/demo/", behaviour)
    proxy = await start_proxy(upstream)

    assert (await ask(proxy, "/simple/demo/")).status in (502, 504)

    failure = only(await failures_of(proxy, "demo"))
    assert (failure.route, failure.filename, failure.kind, failure.over_at) == ("page", "", kind, None)
    assert reason in failure.reason


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (Corrupt(), "hash mismatch"),
        (Truncate(1000), "wrong length"),
        (Append(), "wrong length"),
        (Append(content_length=False), "wrong length"),
        (Empty(), "wrong length"),
        (Portal(), "wrong length"),
        (Status(404), "status"),
        (Reset(1000), "broken connection"),
    ],
    ids=["corrupt", "cut", "more announced", "more", "empty", "portal", "404", "reset"],
)
async def test_a_file_that_is_not_what_is_listed_is_recorded_with_its_name(
    upstream: UpstreamServer, start_proxy: StartProxy, behaviour: Behaviour, kind: str
) -> None:
    """(pain 1) Nothing wrong is kept; but somebody must be able to see that it came."""
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", behaviour)
    proxy = await start_proxy(upstream)

    await ask(proxy, PATH)

    failure = only(await failures_of(proxy, "demo"))
    assert (failure.route, failure.filename, failure.kind) == ("file", FILENAME, kind)


async def test_wrong_metadata_is_recorded_with_its_name(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(pain 6)"""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    upstream.behave(f"/packages/demo/{FILENAME}.metadata", Corrupt())
    proxy = await start_proxy(upstream)

    assert (await ask(proxy, f"{PATH}.metadata")).status == 502

    failure = only(await failures_of(proxy, "demo"))
    assert (failure.route, failure.filename, failure.kind) == ("metadata", f"{FILENAME}.metadata", "hash mismatch")


async def test_content_that_changed_upstream_is_recorded_as_such(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 25)"""
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False)
    proxy = await start_proxy(upstream)
    await ask(proxy, f"/files/demo/{FILENAME}")
    await idle(proxy)
    await proxy.server.resources.files.forget("demo")
    upstream.behave("/packages/", Corrupt(len(CONTENT) - 1))

    await ask(proxy, PATH)

    failure = only(await failures_of(proxy, "demo"))
    assert (failure.kind, "content changed upstream" in failure.reason) == ("hash mismatch", True), failure


@pytest.mark.parametrize(
    ("behaviour", "kind", "reason", "is_over"),
    [
        (Status(403), "credentials refused", "403", True),
        (HALF_A_RANGE, "wrong length", "broke off", False),
        (ANOTHER_SIZE, "invalid answer", "a file of 7 bytes", True),
    ],
    ids=["403", "half a range", "another size"],
)
async def test_a_range_that_goes_wrong_is_recorded(
    upstream: UpstreamServer, start_proxy: StartProxy, behaviour: Behaviour, kind: str, reason: str, is_over: bool
) -> None:
    """Where nothing has been sent yet the whole file is fetched instead, which ends the failure."""
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", behaviour, times=1)
    proxy = await start_proxy(upstream, **LARGE)

    answer = await ask(proxy, PATH, {"Range": "bytes=0-99"})

    failure = only(await failures_of(proxy, "demo"))
    assert (failure.route, failure.filename, failure.kind) == ("file", FILENAME, kind)
    assert reason in failure.reason
    assert (answer.broken is None, failure.over_at is not None) == (is_over, is_over)


async def test_a_range_is_no_proof_that_the_whole_file_is_right(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", Corrupt(), times=1)
    proxy = await start_proxy(upstream, **LARGE)
    await ask(proxy, PATH)

    answer = await ask(proxy, PATH, {"Range": "bytes=0-99"})

    assert (answer.status, answer.body) == (206, CONTENT[:100])
    assert only(await failures_of(proxy, "demo")).over_at is None


@pytest.mark.parametrize("status", [405, 501])
async def test_an_upstream_that_knows_no_head_does_nothing_wrong(
    upstream: UpstreamServer, start_proxy: StartProxy, status: int
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT, size=False)
    upstream.behave("/packages/", Status(status), times=1)
    proxy = await start_proxy(upstream)

    assert (await ask(proxy, PATH, method="HEAD")).status == 200

    assert upstream.count("/packages/", "HEAD") == 1
    assert await failures_of(proxy, "demo") == []


async def test_an_upstream_without_ranges_does_nothing_wrong(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.no_ranges = True
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream, **LARGE)

    assert (await ask(proxy, PATH, {"Range": "bytes=0-99"})).status == 206

    assert await failures_of(proxy, "demo") == []


async def test_the_next_success_ends_it_and_says_when(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", Corrupt(), times=2)
    upstream.behave("/simple/", Status(503), times=2)  # one retry after a 5xx
    proxy = await start_proxy(upstream)
    await ask(proxy, "/simple/demo/")
    failed_at = clock.now
    clock.advance(60)
    for _ in range(3):
        await ask(proxy, PATH)
        await idle(proxy)
        clock.advance(60)
    page, file = sorted(await failures_of(proxy, "demo"), key=lambda each: each.route, reverse=True)
    assert (page.times, page.last_at, page.over_at) == (1, failed_at, failed_at + 60)
    assert (file.times, file.first_at, file.last_at) == (2, failed_at + 60, failed_at + 120)
    assert file.over_at == failed_at + 180


async def test_a_full_disk_does_not_make_a_right_file_wrong(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """The file is served and not kept; its upstream did its part."""
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", Corrupt(), times=1)
    proxy = await start_proxy(upstream, min_free=10**18)
    await ask(proxy, PATH)
    await idle(proxy)
    assert (await ask(proxy, PATH)).body == CONTENT
    failure = only(await failures_of(proxy, "demo"))
    assert (proxy.kept(), failure.over_at is not None) == ([], True)
