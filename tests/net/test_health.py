"""When an upstream rests, and what ends it."""

from __future__ import annotations

import weakref
from collections.abc import Callable

import pytest

from pyproxy.errors import (
    UpstreamError,
    UpstreamForbidden,
    UpstreamInvalidResponse,
    UpstreamStatus,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from pyproxy.net.health import Health

REFUSED = UpstreamUnreachable("acme", "refused the connection")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Body:
    """What lies in a frame."""


def raised_and_let_go(remember: Callable[[UpstreamError], None]) -> weakref.ref[Body]:
    """Remembers an error that came through a frame with something in it; a reference to that."""
    body = Body()
    try:
        raise UpstreamInvalidResponse("acme", "sent no index page")
    except UpstreamError as error:
        remember(error)
    return weakref.ref(body)


def resting(clock: Clock) -> Health:
    health = Health(clock)
    for _ in range(3):
        health.failed(REFUSED)
    return health


def test_three_failures_in_a_row_make_it_rest() -> None:
    health = Health(Clock())
    health.failed(REFUSED)
    health.failed(UpstreamTimeout("acme", "was silent"))
    assert not health.resting
    health.failed(REFUSED)
    assert health.resting
    assert str(health.last_error) == str(REFUSED)


def test_a_success_in_between_starts_the_count_again() -> None:
    health = Health(Clock())
    for _ in range(5):
        health.failed(REFUSED)
        health.failed(REFUSED)
        health.succeeded()
    assert not health.resting
    assert health.last_error is None


@pytest.mark.parametrize(
    "error",
    [UpstreamStatus("acme", 503, "answered 503"), UpstreamInvalidResponse("acme", "sent nonsense")],
)
def test_an_answer_however_bad_shows_that_it_is_there(error: UpstreamError) -> None:
    health = resting(Clock())
    health.failed(error)
    assert not health.resting
    assert str(health.last_error) == str(error)


def test_what_we_refuse_ourselves_says_nothing_about_it() -> None:
    health = resting(Clock())
    health.failed(UpstreamForbidden("acme", "leads elsewhere"))
    assert health.resting


def test_the_pauses_grow_up_to_a_minute() -> None:
    clock = Clock()
    health = resting(clock)
    pauses = []
    for _ in range(6):
        assert health.probe_at is not None
        assert not health.probe_due
        pauses.append(health.probe_at - clock.now)
        clock.now = health.probe_at
        assert health.probe_due
        assert health.resting
        health.failed(REFUSED)
    assert pauses == [5, 10, 20, 40, 60, 60]


def test_late_failures_of_earlier_requests_do_not_lengthen_the_rest() -> None:
    clock = Clock()
    health = resting(clock)
    before = health.probe_at
    clock.now += 1
    for _ in range(10):
        health.failed(REFUSED)
    assert health.probe_at == before


def test_one_success_ends_the_rest_and_the_pauses_begin_anew() -> None:
    clock = Clock()
    health = resting(clock)
    clock.now += 5
    health.failed(REFUSED)
    health.succeeded()
    assert not health.resting
    for _ in range(3):
        health.failed(REFUSED)
    assert health.probe_at == clock.now + 5


def test_it_is_suspect_from_an_overrun_until_a_success() -> None:
    health = Health(Clock())
    assert not health.suspect
    health.overran()
    health.failed(REFUSED)
    assert health.suspect
    health.succeeded()
    assert not health.suspect


def test_the_remembered_error_holds_nothing_of_what_was_under_way() -> None:
    health = Health(Clock())
    assert raised_and_let_go(health.failed)() is None


def test_what_was_never_asked_says_nothing() -> None:
    health = Health(Clock())
    for _ in range(5):
        error = UpstreamTimeout("acme", "had no connection free")
        error.was_asked = False
        health.failed(error)
    assert not health.resting
    assert health.last_error is None
