"""What is left out of garbage collections."""

from __future__ import annotations

import gc

from pyproxy.app.collecting import keep_what_is_here


class Thing:
    """Something that is collected, or not."""


def test_what_is_here_is_not_gone_through_again_and_what_comes_is() -> None:
    before, cycle = Thing(), Thing()
    cycle.itself = cycle  # type: ignore[attr-defined]
    del cycle
    keep_what_is_here()
    try:
        after = Thing()
        gone_through = {id(each) for each in gc.get_objects() if isinstance(each, Thing)}
    finally:
        gc.unfreeze()
    assert gone_through == {id(after)}
    assert [each for each in gc.get_objects() if isinstance(each, Thing) and each not in (before, after)] == []
