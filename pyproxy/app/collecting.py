"""What a worker holds from its start to its end is left out of garbage collections."""

from __future__ import annotations

import gc


def keep_what_is_here() -> None:
    """Collect once; what is left is not looked at again.

    Modules, classes and routes are tens of thousands of objects, and each full collection would go through all of
    them, for ten milliseconds in which the event loop stands still.
    """
    gc.collect()
    gc.freeze()
