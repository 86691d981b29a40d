"""Garbage collections: what a worker holds from its start to its end is left out of them, and they are few."""

from __future__ import annotations

import gc

YOUNG = 10_000
"""New objects between two collections of the youngest. Python's own 700 are one request's: after each of them what it
still holds would be gone through, a twentieth of a worker's time. So many take half a millisecond."""


def keep_what_is_here() -> None:
    """Collect once; what is left is not looked at again, and what comes less often.

    Modules, classes and routes are tens of thousands of objects, and each full collection would go through all of
    them, for ten milliseconds in which the event loop stands still.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
