"""`explain` tells the story that the running server lives: whatever it says of the next request comes to pass.

Each scene leads to one state. Then the explanation is made (as a command beside the server makes it), its sentences are
looked at, and a client asks: status, upstream and freshness must be those that were foretold.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from pyproxy.admin.explanation.model import Explanation, State
from pyproxy.settings import UpstreamSettings
from tests.distributions import make_wheel
from tests.http.administration import noticed
from tests.http.calls import address, ask
from tests.http.conftest import StartProxy
from tests.http.explaining import explain, told
from tests.http.proxy import Clock, Proxy
from tests.http.publishing import publish
from tests.upstream_server import Portal, Silence, Status, UpstreamServer
from tests.waiting import until

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0")
PATH = address("demo", FILENAME, CONTENT)


@dataclass(frozen=True, slots=True)
class Stage:
    """Two upstreams, ``first`` and ``second``, and the proxy in front of them."""

    first: UpstreamServer
    second: UpstreamServer
    proxy: Proxy
    clock: Clock

    async def asked(self, project: str = "demo") -> None:
        await ask(self.proxy, f"/simple/{project}/")

    async def change(self, name: str, **changes: Any) -> None:
        """Give an upstream other settings, and wait until the server works with them."""
        server = self.first if name == "first" else self.second
        settings = UpstreamSettings(name=name, url=server.url, **changes)
        await noticed(self.proxy, lambda store: store.change(name, settings))

    async def break_connections(self, server: UpstreamServer) -> None:
        """Three refused connections: it rests."""
        await server.stop()
        for project in ("a", "b", "c"):
            await self.asked(project)


Scene = Callable[[Stage], Awaitable[None]]


async def never_asked(stage: Stage) -> None:
    publish(stage.second, "demo", "1.0")


async def owned_by_the_first(stage: Stage) -> None:
    publish(stage.first, "demo", "1.0")
    await stage.asked()


async def owned_by_the_second(stage: Stage) -> None:
    publish(stage.second, "demo", "1.0")
    await stage.asked()


async def no_longer_fresh(stage: Stage) -> None:
    await owned_by_the_second(stage)
    stage.clock.advance(600)


async def unknown_everywhere(stage: Stage) -> None:
    await stage.asked()


async def unknown_everywhere_an_hour_ago(stage: Stage) -> None:
    await stage.asked()
    stage.clock.advance(3600)


async def stale(stage: Stage) -> None:
    await no_longer_fresh(stage)
    stage.second.behave("/simple/", Status(503))
    await stage.asked()


async def stale_and_resting(stage: Stage) -> None:
    await no_longer_fresh(stage)
    await stage.break_connections(stage.second)


async def degraded(stage: Stage) -> None:
    publish(stage.second, "demo", "1.0")
    stage.first.behave("/simple/", Portal())
    await stage.asked()


async def degraded_by_a_rest(stage: Stage) -> None:
    publish(stage.second, "demo", "1.0")
    await stage.break_connections(stage.first)
    await stage.asked()


async def a_known_404_stands_in(stage: Stage) -> None:
    await no_longer_fresh(stage)
    stage.first.behave("/simple/", Status(500))
    await stage.asked()


async def failing(stage: Stage) -> None:
    stage.second.behave("/simple/", Status(503))
    await stage.asked()


async def too_old_to_be_served_stale(stage: Stage) -> None:
    await owned_by_the_second(stage)
    stage.clock.advance(31 * 86400)
    stage.second.behave("/simple/", Status(503))
    await stage.asked()


async def switched_off(stage: Stage) -> None:
    await owned_by_the_first(stage)
    publish(stage.second, "demo", "2.0")
    await stage.change("first", active=False)


async def reserved(stage: Stage) -> None:
    await owned_by_the_second(stage)
    await stage.change("first", projects=("de*",))
    await stage.asked()


async def reserved_for_nobody_active(stage: Stage) -> None:
    await stage.change("first", projects=("de*",), active=False)


async def left_out_by_patterns(stage: Stage) -> None:
    await stage.change("first", excluded_projects=("demo",))
    await stage.change("second", excluded_projects=("demo",))


async def nobody_active(stage: Stage) -> None:
    await stage.change("first", active=False)
    await stage.change("second", active=False)


async def stopped(stage: Stage) -> None:
    """(pain 5) A private index that fails must not be replaced by a public one."""
    publish(stage.second, "demo", "1.0")
    stage.first.behave("/simple/", Status(503))
    await stage.change("first", on_failure="stop")
    await stage.asked()


async def silent(stage: Stage) -> None:
    stage.second.behave("/simple/", Silence())
    await stage.asked()
    # The client was told before the asking itself was given up.
    failures = stage.proxy.server.resources.failures
    await until(lambda: failures.of_project("demo") != [])


SCENES: list[tuple[Scene, State, str | None, int | None, list[str]]] = [
    (never_asked, State.UNKNOWN, None, None, ["Nothing is known of demo here", "The next request asks first."]),
    (owned_by_the_first, State.SERVED, "first", 200, ["demo is answered by first.", "first is the first."]),
    (owned_by_the_second, State.SERVED, "second", 200, ["first comes before it and said: no such project."]),
    (no_longer_fresh, State.SERVED, "second", 200, ["The next request asks first and second again.", "its ETag"]),
    (unknown_everywhere, State.MISSING, None, 404, ["no upstream that may be asked has it", "another 60 seconds"]),
    (unknown_everywhere_an_hour_ago, State.MISSING, None, 404, ["The next request asks first and second again."]),
    (stale, State.STALE, "second", 200, ["with a STALE page", "The reason: upstream second answered 503", "29 days"]),
    (stale_and_resting, State.STALE, "second", 200, ["It RESTS since", "refused the connection", "next probe is due"]),
    (degraded, State.SERVED, "second", 200, ["but DEGRADED", "Upstream first sent something that is no index page"]),
    (degraded_by_a_rest, State.SERVED, "second", 200, ["but DEGRADED", "Upstream first rests after repeated failures"]),
    (a_known_404_stands_in, State.SERVED, "second", 200, ["demo is answered by second.", "It FAILED when it was last"]),
    (failing, State.FAILING, None, 502, ["demo CANNOT be answered: clients get 502", "second answered 503"]),
    (silent, State.FAILING, None, 504, ["demo CANNOT be answered: clients get 504"]),
    (too_old_to_be_served_stale, State.FAILING, None, 502, ["page is too old to stand in"]),
    (switched_off, State.UNKNOWN, None, None, ["Not asked: it is switched off", "Hidden by its switch: 1 file"]),
    (reserved, State.MISSING, None, 404, ["Hidden by the reservation: 1 file that second lists", "name is reserved"]),
    (reserved_for_nobody_active, State.RESERVED, None, 503, ["reserved for first, switched off", "enable first"]),
    (left_out_by_patterns, State.NOT_ADMITTED, None, 404, ["patterns leave the name out (excluded_projects: demo)"]),
    (nobody_active, State.NO_UPSTREAM, None, 503, ["no upstream is active", "pyproxy upstream enable"]),
    (stopped, State.FAILING, None, 502, ["second must not answer for a name that may be its own", "on_failure=stop"]),
]


@pytest.mark.parametrize(
    ("scene", "state", "owner", "status", "sentences"), SCENES, ids=[scene[0].__name__ for scene in SCENES]
)
async def test_what_is_told_is_what_the_next_client_gets(
    upstream: UpstreamServer,
    other: UpstreamServer,
    start_proxy: StartProxy,
    clock: Clock,
    scene: Scene,
    state: State,
    owner: str | None,
    status: int | None,
    sentences: list[str],
) -> None:
    """(pain 5) (pain 30) "Why this source?" has one answer, and it is the right one."""
    lookup_timeout = 2.0 if scene is silent else 10.0
    proxy = await start_proxy(upstream, other, rest_pauses=(3600,), lookup_timeout=lookup_timeout)
    await scene(Stage(upstream, other, proxy, clock))
    requests = (len(upstream.requests), len(other.requests))

    explanation = await explain(proxy, "demo")

    assert (explanation.state, explanation.owner, explanation.status) == (state, owner, status), told(explanation)
    for sentence in sentences:
        assert sentence in told(explanation)
    assert (len(upstream.requests), len(other.requests)) == requests, "nobody is asked"
    clock.advance(4)  # a failure is not repeated for three seconds
    await _compare(proxy, explanation, upstream, other)


async def _compare(proxy: Proxy, explanation: Explanation, upstream: UpstreamServer, other: UpstreamServer) -> None:
    """A client asks."""
    before = {"first": upstream.count("/simple/demo/"), "second": other.count("/simple/demo/")}
    answer = await ask(proxy, "/simple/demo/")
    asked = {
        name
        for name, server in (("first", upstream), ("second", other))
        if server.count("/simple/demo/") > before[name]
    }
    foretold = {view.name for view in explanation.upstreams if view.next}
    if explanation.status is None:  # open: but who is asked first is certain
        assert foretold <= asked
        return
    assert answer.status == explanation.status
    assert asked == foretold
    assert (answer.upstream or None) in (explanation.owner, None)
    if explanation.status == 200:
        assert answer.upstream == explanation.owner
        assert ("stale" in (answer.cache_status or "")) == (explanation.state is State.STALE)
        assert ("degraded" in (answer.cache_status or "")) == explanation.degraded
    elif explanation.error is not None and answer.status == 502:
        assert answer.json()["title"].rstrip(".")[:60] in explanation.error
