"""Whatever an upstream does wrong with a file: nobody gets wrong bytes for right ones, nothing wrong is kept."""

from __future__ import annotations

import hashlib

import pytest

from pyproxy.settings import UpstreamSettings
from tests.distributions import make_wheel
from tests.http.calls import address, ask, calling, idle
from tests.http.conftest import StartProxy
from tests.upstream_server import (
    Append,
    Behaviour,
    Chunked,
    Corrupt,
    Empty,
    NoLength,
    Portal,
    Reset,
    Stall,
    Status,
    Truncate,
    UpstreamServer,
)

FILENAME, CONTENT, _ = make_wheel("demo", "1.0", size=300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATH = address("demo", FILENAME, CONTENT)
SIZE = len(CONTENT)

DAMAGE: dict[str, Behaviour] = {
    "half of what was announced": Truncate(SIZE // 2),
    "half, nothing announced": Truncate(SIZE // 2, content_length=False),
    "half, in chunks": Chunked(SIZE // 2),
    "all but the last byte": Truncate(SIZE - 1),
    "all but the last byte, nothing announced": Truncate(SIZE - 1, content_length=False),
    "the first byte wrong": Corrupt(0),
    "the last byte wrong": Corrupt(SIZE - 1),
    "more, announced": Append(),
    "more, not announced": Append(content_length=False),
    "much more, not announced": Append(b"x" * 300_000, content_length=False),
    "nothing": Empty(),
    "a portal": Portal(),
    "a long portal": Portal(b"<!DOCTYPE html>" + b"x" * SIZE),
}

TOO_LONG = {
    "more, announced": len(Append().extra),
    "more, not announced": len(Append().extra),
    "much more, not announced": 300_000,
    "a long portal": len("<!DOCTYPE html>"),
}
"""By how many bytes; without a listed size only the end shows it."""

HELD_BACK = 64 << 10


@pytest.mark.parametrize("size_listed", [True, False], ids=["size listed", "no size"])
@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_damaged_copy_is_an_error_and_not_kept(
    upstream: UpstreamServer, start_proxy: StartProxy, damage: str, version: str, size_listed: bool
) -> None:
    """(check 54) (check 55) (pain 1) (F1) (F2) (F19) And the next request gets the file."""
    upstream.add_file("demo", FILENAME, CONTENT, size=size_listed)
    upstream.behave("/packages/", DAMAGE[damage], times=1)
    proxy = await start_proxy(upstream)

    bad = await ask(proxy, PATH, version=version)
    await idle(proxy)

    if bad.status == 200:
        assert bad.broken, "a clean end could be taken for the file"
        assert len(bad.body) <= SIZE + (0 if size_listed else TOO_LONG.get(damage, 0)) - HELD_BACK
    else:
        assert bad.status == 502
        assert b"first" in bad.body, "it names the upstream"
        assert bad.headers["Content-Length"] == str(len(bad.body))
        assert bad.headers["Cache-Control"] == "no-store"
    assert (proxy.kept(), proxy.left_over()) == ([], [])
    good = await ask(proxy, PATH, version=version)
    assert (good.status, good.body, good.broken) == (200, CONTENT, None)


@pytest.mark.parametrize("after", [None, 0, 1, 16 << 10, 100_000, SIZE - (64 << 10), SIZE - 1])
async def test_a_reset_at_any_offset_is_survived(
    upstream: UpstreamServer, start_proxy: StartProxy, after: int | None
) -> None:
    """(F39) (check 55)"""
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", Reset(after), times=2)
    proxy = await start_proxy(upstream)

    bad = await ask(proxy, PATH)
    await idle(proxy)

    assert bad.broken if bad.status == 200 else bad.status == 502
    assert (proxy.kept(), proxy.left_over()) == ([], [])
    upstream.clear_behaviours()
    assert (await ask(proxy, PATH)).body == CONTENT


@pytest.mark.parametrize("first", [Reset(), Status(500), Status(503)], ids=["reset", "500", "503"])
async def test_a_first_failure_before_any_byte_is_not_noticed(
    upstream: UpstreamServer, start_proxy: StartProxy, first: Behaviour
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", first, times=1)
    proxy = await start_proxy(upstream)

    assert (await ask(proxy, PATH)).body == CONTENT
    assert upstream.count("/packages/") == 2


async def test_a_transfer_that_falls_silent_is_ended(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(F39) (pain 15)"""
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", Stall(200_000), times=1)
    proxy = await start_proxy(UpstreamSettings(name="first", url=upstream.url, stall_timeout_ms=1000))

    bad = await ask(proxy, PATH)

    assert (bad.status, bool(bad.broken), proxy.kept()) == (200, True, [])
    assert (await ask(proxy, PATH)).body == CONTENT


async def test_a_small_damaged_file_is_a_problem_that_explains_itself(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Nothing of a small file leaves before the verdict, so there is always a status to give."""
    filename, content, _ = make_wheel("small", "1.0")
    upstream.add_file("small", filename, content)
    upstream.behave("/packages/", Corrupt())
    proxy = await start_proxy(upstream)

    answer = await ask(proxy, address("small", filename, content))

    assert (answer.status, answer.headers["Content-Type"]) == (502, "application/problem+json")
    assert answer.reason.startswith("upstream first sent other bytes")
    assert 1 <= int(answer.headers["Retry-After"]) <= 5
    assert answer.headers["Etag"] is None


@pytest.mark.parametrize("behaviour", [NoLength(), Chunked()], ids=["to the end", "chunks"])
@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
async def test_a_file_whose_size_nobody_tells_is_served_whole(
    upstream: UpstreamServer, start_proxy: StartProxy, behaviour: Behaviour, version: str
) -> None:
    """An HTTP/1.0 client cannot tell a break from an end, so it waits until the length is known."""
    upstream.add_file("demo", FILENAME, CONTENT, size=False)
    upstream.behave("/packages/", behaviour)
    proxy = await start_proxy(upstream)

    answer = await ask(proxy, PATH, version=version)

    assert (answer.status, answer.body, answer.broken) == (200, CONTENT, None)
    if version == "HTTP/1.0":
        assert answer.headers["Content-Length"] == str(SIZE)
    else:
        assert answer.headers["Transfer-Encoding"] == "chunked"


async def test_what_fails_after_the_first_bytes_ends_with_a_reset(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 55) Without a known size no terminator is sent: nothing looks like an end."""
    upstream.add_file("demo", FILENAME, CONTENT, size=False)
    upstream.behave("/packages/", Chunked(200_000))
    proxy = await start_proxy(upstream)

    async with calling(proxy, PATH) as call:
        answer = await call.answer()

    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.broken == "ConnectionResetError"


async def test_damage_counts_against_the_upstream(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", Corrupt())
    proxy = await start_proxy(upstream)

    await ask(proxy, PATH)
    await idle(proxy)

    [pages] = proxy.server.services.repository.priority.upstreams  # type: ignore[attr-defined]
    assert "other bytes" in pages.standing.health.last_error.reason
