"""What the coverage-guided search searches in holds for its seeds and for a few bytes beside them."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.fuzz.mutations import mutated
from tests.fuzz.profile import examples
from tests.fuzz.targets import TARGETS

every_target = pytest.mark.parametrize("name", TARGETS)


@every_target
def test_the_seeds_are_good_ones(name: str) -> None:
    for seed in TARGETS[name].seeds():
        TARGETS[name].check(seed)


@every_target
def test_nothing_is_good_as_well(name: str) -> None:
    TARGETS[name].check(b"")


@every_target
def test_almost_right_bytes_are_taken_or_refused_as_documented(name: str) -> None:
    @examples(80)
    @given(mutated(TARGETS[name].seeds()))
    def check(data: bytes) -> None:
        TARGETS[name].check(data)

    check()
