"""Where a file comes from: the first upstream that lists it with this sha256, and then the next."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace

import pytest

from pyproxy.settings import UpstreamSettings
from tests.distributions import make_wheel
from tests.http.calls import address, ask, calling, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock
from tests.upstream_server import (
    Behaviour,
    Corrupt,
    Empty,
    Hold,
    Portal,
    Reset,
    Silence,
    Status,
    Truncate,
    UpstreamServer,
    closed_port,
)

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATH = address("demo", FILENAME, CONTENT)


@pytest.mark.parametrize(
    "behaviour",
    [
        Status(404),
        Status(410),
        Status(403),
        Corrupt(len(CONTENT) - 1),
        Empty(),
        Portal(),
        Reset(),
        Reset(200000),
        Truncate(200000),
        Truncate(200000, content_length=False),
    ],
    ids=str,
)
async def test_a_bad_copy_is_made_good_by_the_next_upstream(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy, behaviour: Behaviour
) -> None:
    """The client notices nothing, also where it got the first bytes of the broken copy."""
    upstream.add_file("demo", FILENAME, CONTENT)
    other.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", behaviour)
    proxy = await start_proxy(upstream, other)

    answer = await ask(proxy, await proxy.link("demo", FILENAME))
    await idle(proxy)

    assert (answer.status, answer.body, answer.broken) == (200, CONTENT, None)
    assert proxy.kept() == [SHA256]


async def test_who_got_wrong_bytes_already_gets_a_broken_response_and_the_next_the_file(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 54) Two copies are never mixed."""
    for server in (upstream, other):
        server.add_file("demo", FILENAME, CONTENT)
    wrong = bytes([CONTENT[0] ^ 0xFF]) + CONTENT[1:]
    held = Hold(asyncio.Event(), after=200_000)
    upstream.behave("/packages/", held)
    upstream.projects["demo"][FILENAME] = replace(upstream.projects["demo"][FILENAME], content=wrong)
    proxy = await start_proxy(upstream, other)

    async with calling(proxy, PATH) as call:
        assert await call.read(1000) == wrong[:1000]
        held.event.set()
        assert (await call.answer()).broken
    await idle(proxy)

    assert (await ask(proxy, PATH)).body == CONTENT
    assert upstream.count("/packages/") == 1


async def test_gone_everywhere_is_a_404(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    for server in (upstream, other):
        server.add_file("demo", FILENAME, CONTENT)
        server.behave("/packages/", Status(404))
    proxy = await start_proxy(upstream, other)

    assert (await ask(proxy, PATH)).status == 404


async def test_gone_at_one_and_failed_at_the_other_is_no_404(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    for server, status in ((upstream, 404), (other, 500)):
        server.add_file("demo", FILENAME, CONTENT)
        server.behave("/packages/", Status(status))
    proxy = await start_proxy(upstream, other)

    answer = await ask(proxy, PATH)

    assert (answer.status, "second" in answer.reason) == (502, True)


async def test_another_file_of_the_same_name_is_never_taken_instead(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 5) The hash in the link decides, not the name."""
    _, different, _ = make_wheel("demo", "1.0", size=1000)
    upstream.add_file("demo", FILENAME, CONTENT)
    other.add_file("demo", FILENAME, different)
    upstream.behave("/packages/", Status(404))
    proxy = await start_proxy(upstream, other)

    assert (await ask(proxy, PATH)).status == 404
    assert other.count("/packages/") == 0


async def test_a_link_goes_on_to_mean_the_file_that_it_meant(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """The page came from the second upstream while the first was down; then the first recovers with other bytes."""
    _, different, _ = make_wheel("demo", "1.0", size=1000)
    upstream.add_file("demo", FILENAME, different)
    other.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/simple/", Status(503))
    proxy = await start_proxy(upstream, other)
    link = await proxy.link("demo", FILENAME)
    upstream.clear_behaviours()

    answer = await ask(proxy, link)

    assert (answer.status, answer.body, answer.upstream) == (200, CONTENT, "second")


async def test_a_link_from_a_lock_file_works_on_an_empty_cache(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """No page was ever asked for here."""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)

    answer = await ask(proxy, PATH)

    assert (answer.status, answer.body) == (200, CONTENT)
    assert next(request.path for request in upstream.requests) == "/simple/demo/"


async def test_a_link_that_is_newer_than_the_known_page_works(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """(pain 9) Another server, or a lock file, knew the release before we did."""
    upstream.add_file("demo", "demo-0.9.tar.gz", b"old")
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    upstream.add_file("demo", FILENAME, CONTENT)
    clock.advance(10)

    assert (await ask(proxy, PATH)).body == CONTENT


async def test_a_file_that_nobody_lists_is_not_asked_for_again_and_again(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    wrong = PATH.replace(SHA256, "0" * 64)

    answers = [await ask(proxy, wrong) for _ in range(3)]

    assert [answer.status for answer in answers] == [404, 404, 404]
    assert upstream.count("/") == 1


async def test_an_upstream_that_has_the_project_ends_the_questions(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(F18) A name that is private upstream is not spoken to the public one, also not for an unknown file."""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream, other)

    assert (await ask(proxy, PATH.replace(SHA256, "0" * 64))).status == 404
    assert other.requests == []


async def test_while_the_owner_fails_unknown_files_are_not_called_missing(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 8)"""
    proxy = await start_proxy(UpstreamSettings(name="first", url=f"http://127.0.0.1:{closed_port()}"))

    answer = await ask(proxy, PATH)

    assert (answer.status, answer.reason) == (502, "upstream first refused the connection")


async def test_with_stop_a_failed_upstream_is_not_passed_over(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    other.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/simple/", Status(500))
    first = UpstreamSettings(name="first", url=upstream.url, on_failure="stop")
    proxy = await start_proxy(first, UpstreamSettings(name="second", url=other.url))

    assert (await ask(proxy, PATH)).status == 502
    assert other.requests == []


async def test_all_upstreams_together_are_waited_for_no_longer_than_for_a_page(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """The first one's share is half of it: the second is asked, too."""
    upstream.behave("/", Silence())
    other.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream, other, lookup_timeout=2.0)

    answer = await ask(proxy, PATH)

    assert (answer.status, answer.body) == (200, CONTENT)


async def test_the_credentials_go_with_the_file_as_with_the_page(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(F17) (pain 12) And a client's own never leave."""
    upstream.username, upstream.password = "reader", "secret"
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    elsewhere = f"{other.url}/packages/demo/elsewhere-1.0.tar.gz"
    other.add_file("demo", "elsewhere-1.0.tar.gz", CONTENT)
    upstream.add_file("demo", "elsewhere-1.0.tar.gz", CONTENT, url=elsewhere)
    settings = UpstreamSettings(name="first", url=upstream.url, username="reader", password="secret")
    proxy = await start_proxy(settings)
    own = {"Authorization": "Basic bWU6bXlzZWxm"}

    assert (await ask(proxy, PATH + ".metadata", own)).body == METADATA
    assert (await ask(proxy, address("demo", "elsewhere-1.0.tar.gz", CONTENT), own)).body == CONTENT
    assert (await ask(proxy, PATH, own)).body == CONTENT

    assert {request.headers["authorization"] for request in upstream.requests} == {"Basic cmVhZGVyOnNlY3JldA=="}
    assert [request.headers.get("authorization") for request in other.requests] == [None]


async def test_wrong_credentials_for_the_file_are_said_so(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(F19)"""
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", Status(401))
    proxy = await start_proxy(upstream)

    answer = await ask(proxy, PATH)

    assert (answer.status, "401" in answer.reason, proxy.kept()) == (502, True, [])
    assert "username" in answer.json()["detail"]


async def test_a_dead_host_of_files_does_not_make_the_index_rest(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    dead = f"http://127.0.0.1:{closed_port()}/f.tar.gz"
    for number in range(4):
        upstream.add_file("demo", f"demo-{number}.tar.gz", b"%d" % number, url=dead)
    upstream.add_file("other", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)

    for number in range(4):
        assert (await ask(proxy, address("demo", f"demo-{number}.tar.gz", b"%d" % number))).status == 502
    assert (await ask(proxy, "/simple/other/")).status == 200


@pytest.mark.parametrize("status", [403, 404])
async def test_an_address_that_is_no_longer_right_is_looked_up_anew(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock, status: int
) -> None:
    """Addresses on a page may be signed for an hour, and lock files make clients that never ask for a page."""
    old = f"{upstream.url}/packages/demo/old"
    upstream.add_file("demo", FILENAME, CONTENT, url=old)
    upstream.behave("/packages/demo/old", Status(status))
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    upstream.add_file("demo", FILENAME, CONTENT)
    clock.advance(7 * 86400)

    assert (await ask(proxy, PATH)).body == CONTENT
