"""What is left out of garbage collections."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

from pyproxy.app.collecting import keep_what_is_here


class Thing:
    """Something that is collected, or not."""


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """As a worker has it while it serves."""
    thresholds = gc.get_threshold()
    keep_what_is_here()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_the_objects_of_a_request_do_not_call_for_a_collection() -> None:
    with kept():
        gc.collect()
        before = gc.get_stats()[0]["collections"]
        objects = [Thing() for _ in range(2000)]
        assert gc.get_stats()[0]["collections"] == before
    assert len(objects) == 2000


def test_what_is_here_is_not_gone_through_again_and_what_comes_is() -> None:
    before, cycle = Thing(), Thing()
    cycle.itself = cycle  # type: ignore[attr-defined]
    del cycle
    with kept():
        after = Thing()
        gone_through = {id(each) for each in gc.get_objects() if isinstance(each, Thing)}
    assert gone_through == {id(after)}
    assert [each for each in gc.get_objects() if isinstance(each, Thing) and each not in (before, after)] == []
