"""Who is told when an upstream rests, and when that is over."""

from __future__ import annotations

import time

from pyproxy.errors import UpstreamError, UpstreamInvalidResponse, UpstreamUnreachable
from pyproxy.net.health import Health
from pyproxy.repositories.observer import Asked, Observers
from pyproxy.repositories.standing import Standing
from pyproxy.simple.model import NormalizedName

DEMO = NormalizedName("demo")
REFUSED = UpstreamUnreachable("first", "refused the connection")


class Told:
    """An observer that writes down what it is told."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def asked(self, event: Asked) -> None:
        self.events.append(f"asked {event.route}")

    def rest_began(self, upstream_id: int, upstream: str, error: UpstreamError | None) -> None:
        self.events.append(f"{upstream} rests: {error}")

    def rest_ended(self, upstream_id: int, upstream: str) -> None:
        self.events.append(f"{upstream} answers")


async def never(project: NormalizedName) -> None:
    """The probe of an upstream that stays away."""
    raise AssertionError("no probe is due")


def standing(told: Told) -> Standing:
    health = Health(time.monotonic, (3600,))
    return Standing(7, "first", health=health, ask=never, clock=time.time, observer=Observers([told]))


async def test_a_rest_is_told_once_when_it_begins_and_once_when_it_ends() -> None:
    told = Told()
    first = standing(told)
    for _ in range(5):
        first.failed(DEMO, REFUSED)
    assert told.events == ["first rests: upstream first refused the connection"]
    first.succeeded()
    first.succeeded()
    assert told.events[1:] == ["first answers"]
    first.hand_over(None)


async def test_an_answer_that_is_nonsense_ends_a_rest_too() -> None:
    told = Told()
    first = standing(told)
    for _ in range(3):
        first.failed(DEMO, REFUSED)
    first.failed(DEMO, UpstreamInvalidResponse("first", "sent a login page"))
    assert told.events[-1] == "first answers"
    first.hand_over(None)


async def test_a_rest_ends_for_whoever_observes_it_when_other_settings_bring_a_new_health() -> None:
    told = Told()
    first, same, new = standing(told), standing(told), standing(told)
    same.health = first.health
    for _ in range(3):
        first.failed(DEMO, REFUSED)
    first.hand_over(same)
    assert told.events[1:] == [], "it goes on under the same connection settings"
    same.hand_over(new)
    assert told.events[1:] == ["first answers"]
    new.hand_over(None)


async def test_while_it_rests_it_tells_how_long_until_the_next_probe() -> None:
    first = standing(Told())
    assert first.rests_for is None
    for _ in range(3):
        first.failed(DEMO, REFUSED)
    assert first.rests_for is not None
    assert 3590 < first.rests_for <= 3600
    first.hand_over(None)
