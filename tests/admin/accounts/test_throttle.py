"""Pauses after failures: for guessers long, for everybody else short and soon forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.admin.accounts.throttle import FORGIVEN_EVERY_SECONDS, FREE_FAILURES, LONGEST_PAUSE_SECONDS, Throttle
from pyproxy.errors import SignInPaused
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.sign_in_failures import SignInFailures
from pyproxy.storage.sign_in_places import REMEMBERED_SECONDS, SignInPlaces
from tests.http.proxy import Clock

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def throttle(tmp_path: Path, clock: Clock) -> Iterator[Throttle]:
    database = Database.open(tmp_path / DATABASE_NAME)
    yield Throttle(SignInFailures(database), SignInPlaces(database), clock)
    database.close()


def fail(throttle: Throttle, name: str, address: str, times: int = 1) -> None:
    for number in range(times):
        throttle.failed(name, address, f"guess {number}", again_counts=True)


def pause(throttle: Throttle, name: str, address: str) -> float:
    try:
        throttle.admit(name, address)
    except SignInPaused as paused:
        return paused.seconds
    return 0.0


def test_the_pause_grows_and_stays_below_a_limit(throttle: Throttle, clock: Clock) -> None:
    fail(throttle, "ada", HERE, FREE_FAILURES - 1)
    assert pause(throttle, "ada", HERE) == 0
    pauses = []
    for _ in range(12):
        fail(throttle, "ada", HERE)
        pauses.append(pause(throttle, "ada", HERE))
    assert pauses[:4] == [2, 4, 8, 16]
    assert pauses[-1] == LONGEST_PAUSE_SECONDS
    clock.advance(LONGEST_PAUSE_SECONDS)
    assert pause(throttle, "ada", HERE) == 0


def test_whoever_guesses_without_end_does_not_keep_people_out_where_they_have_signed_in(
    throttle: Throttle, clock: Clock
) -> None:
    throttle.succeeded("Ada", HERE)
    fail(throttle, "ada", ELSEWHERE, 40)
    assert pause(throttle, "ada", "203.0.113.9") == LONGEST_PAUSE_SECONDS
    assert pause(throttle, "ada", HERE) == 0
    clock.advance(REMEMBERED_SECONDS)
    fail(throttle, "ada", ELSEWHERE, 40)
    assert pause(throttle, "ada", HERE) > 0


def test_guesses_from_a_place_that_the_account_knows_are_paused_there_alone(throttle: Throttle) -> None:
    throttle.succeeded("ada", HERE)
    fail(throttle, "ada", HERE, FREE_FAILURES)
    assert pause(throttle, "ada", HERE) > 0
    assert pause(throttle, "ada", ELSEWHERE) == 0


def test_the_account_is_guarded_from_everywhere_and_the_address_guards_all_accounts(throttle: Throttle) -> None:
    for number in range(FREE_FAILURES):
        fail(throttle, "ada", f"198.51.100.{number}")
        fail(throttle, f"somebody-{number}", HERE)
    assert pause(throttle, "ADA", ELSEWHERE) > 0
    assert pause(throttle, "grace", HERE) > 0
    assert pause(throttle, "grace", ELSEWHERE) == 0


def test_success_frees_the_account_but_not_the_address(throttle: Throttle) -> None:
    """Else somebody with an account of his own could guess at others for ever."""
    fail(throttle, "ada", HERE, FREE_FAILURES)
    throttle.succeeded("ada", HERE)
    assert pause(throttle, "ada", ELSEWHERE) == 0
    assert pause(throttle, "ada", HERE) > 0


def test_an_office_behind_one_address_may_mistype_all_day(throttle: Throttle, clock: Clock) -> None:
    for number in range(200):
        throttle.failed(f"person-{number % 40}", HERE, "a slip", again_counts=True)
        clock.advance(FORGIVEN_EVERY_SECONDS)
        assert pause(throttle, "ada", HERE) == 0, number


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("-", "192.0.2.1", False),
    ],
)
def test_addresses_count_as_the_one_client_that_has_them(
    one: str, other: str, together: bool, throttle: Throttle
) -> None:
    fail(throttle, "ada", one, FREE_FAILURES)
    assert (pause(throttle, "grace", other) > 0) is together


def test_a_clock_that_was_set_back_locks_nobody_out(throttle: Throttle, clock: Clock) -> None:
    clock.advance(10**9)
    fail(throttle, "ada", HERE, 30)
    clock.advance(-(10**9))
    assert pause(throttle, "ada", HERE) <= LONGEST_PAUSE_SECONDS
    assert pause(throttle, "grace", ELSEWHERE) == 0
