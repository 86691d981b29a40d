"""What was costly to make, kept by key within a bound; what was not used for longest goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class BoundedCache(Generic[K, V]):
    """Values whose weights (``weigh``; bytes, entries) sum up to at most ``limit``; the newest stays in any case."""

    def __init__(self, limit: int, weigh: Callable[[V], int]) -> None:
        self._limit = limit
        self._weigh = weigh
        self._values: OrderedDict[K, V] = OrderedDict()
        self._weight = 0

    def get(self, key: K) -> V | None:
        """The value, if it is still kept; this is a use."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Keep a value, in the place of one with the same key."""
        before = self._values.pop(key, None)
        if before is not None:
            self._weight -= self._weigh(before)
        self._values[key] = value
        self._weight += self._weigh(value)
        while self._weight > self._limit and len(self._values) > 1:
            _, gone = self._values.popitem(last=False)
            self._weight -= self._weigh(gone)

    def drop(self, key: K) -> None:
        """Keep it no longer."""
        value = self._values.pop(key, None)
        if value is not None:
            self._weight -= self._weigh(value)
