"""Failed sign-ins: counted in a row, forgotten in time, and bounded."""

from __future__ import annotations

import pytest

from pyproxy.storage import sign_in_failures
from pyproxy.storage.database import Database
from pyproxy.storage.sign_in_failures import MARK_BYTES, SignInFailures


@pytest.fixture
def failures(database: Database) -> SignInFailures:
    return SignInFailures(database)


def fail(
    failures: SignInFailures, *keys: str, now: float = 10.0, tried: bytes = b"", again_counts: bool = True
) -> None:
    """One failure, after which so many seconds are waited as there were failures."""
    failures.count(
        keys, now, tried=tried, again_counts=again_counts, forget_before=now - 1000, left=lambda count, _: count,
        pause=float,
    )  # fmt: skip


def test_each_key_is_counted_and_the_longest_pause_holds(failures: SignInFailures) -> None:
    fail(failures, "account ada", "address 192.0.2.1")
    fail(failures, "account eve", "address 192.0.2.1")
    assert failures.paused_until(["account ada"], 10.0) == 11.0
    assert failures.paused_until(["account ada", "address 192.0.2.1"], 10.0) == 12.0
    assert failures.paused_until(["account grace"], 10.0) == 0.0


def test_a_pause_that_is_over_is_none(failures: SignInFailures) -> None:
    fail(failures, "a")
    assert failures.paused_until(["a"], 11.0) == 0.0


def test_what_was_tried_before_is_not_counted_again_unless_it_is_asked_for(failures: SignInFailures) -> None:
    for _ in range(5):
        fail(failures, "a", tried=b"the same", again_counts=False)
    assert failures.paused_until(["a"], 10.0) == 11.0
    fail(failures, "a", tried=b"the same")
    assert failures.paused_until(["a"], 10.0) == 12.0


def test_nearly_every_other_thing_counts(failures: SignInFailures) -> None:
    """One of 256 is taken for the one before."""
    for number in range(200):
        fail(failures, "a", tried=b"%d" % number, again_counts=False)
    assert 10.0 + 180 < failures.paused_until(["a"], 10.0) <= 10.0 + 200


def test_nothing_lies_in_the_database_by_which_a_password_could_be_found(
    failures: SignInFailures, database: Database
) -> None:
    fail(failures, "a", tried=b"a long secret password")
    (row,) = database.all("SELECT * FROM sign_in_failures", {})
    assert len(row["mark"]) == MARK_BYTES == 1
    assert not any(b"secret" in (value if isinstance(value, bytes) else str(value).encode()) for value in row)


def test_time_forgives_what_the_rule_says(failures: SignInFailures) -> None:
    fail(failures, "a")
    fail(failures, "a")
    failures.count(
        ["a"], 50.0, tried=b"", again_counts=True, forget_before=0.0, left=lambda n, seconds: n - int(seconds / 40),
        pause=float,
    )  # fmt: skip
    assert failures.paused_until(["a"], 50.0) == 52.0


def test_the_old_are_swept_and_the_new_are_bounded(failures: SignInFailures, database: Database) -> None:
    for number in range(5):
        fail(failures, f"key {number}", now=10.0 + number)
    fail(failures, "late", now=2000.0)
    assert [row["key"] for row in database.all("SELECT key FROM sign_in_failures", {})] == ["late"]


def test_whoever_makes_up_names_pushes_out_the_oldest(
    failures: SignInFailures, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_failures, "KEYS_LIMIT", 3)
    for number in range(5):
        fail(failures, f"key {number}", now=10.0 + number)
    assert [row["key"] for row in database.all("SELECT key FROM sign_in_failures ORDER BY key", {})] == [
        "key 2",
        "key 3",
        "key 4",
    ]


def test_success_forgets_one_key(failures: SignInFailures) -> None:
    fail(failures, "a", "b")
    failures.forget("a")
    failures.forget("nobody")
    assert (failures.paused_until(["a"], 10.0), failures.paused_until(["b"], 10.0)) == (0.0, 11.0)
