"""What small files take of the memory: so much for all together, given back when nobody has them any more."""

from __future__ import annotations

from pyproxy.net.allowance import LEAST_BYTES, Allowance


def test_when_it_is_used_up_nobody_gets_more() -> None:
    allowance = Allowance(3 * LEAST_BYTES)
    assert allowance.take(2 * LEAST_BYTES) == 2 * LEAST_BYTES
    assert allowance.take(LEAST_BYTES + 1) is None
    assert allowance.take(LEAST_BYTES) == LEAST_BYTES
    assert allowance.take(0) is None


def test_the_smallest_file_counts_for_more_than_its_bytes() -> None:
    allowance = Allowance(2 * LEAST_BYTES)
    assert [allowance.take(1) for _ in range(3)] == [LEAST_BYTES, LEAST_BYTES, None]


def test_what_is_given_back_can_be_had_again() -> None:
    allowance = Allowance(LEAST_BYTES)
    share = allowance.take(100)
    assert share is not None
    allowance.give_back(share)
    assert allowance.take(LEAST_BYTES) == LEAST_BYTES


def test_it_is_scarce_once_more_than_half_is_taken() -> None:
    allowance = Allowance(4 * LEAST_BYTES)
    allowance.take(2 * LEAST_BYTES)
    assert not allowance.is_scarce
    allowance.take(1)
    assert allowance.is_scarce
