"""Requests that wait for being written one by one: all of them, or a fair share when there are too many."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

from pyproxy.storage.activity import ClientRequest, UpstreamRequest

ROWS_PER_BATCH = 200
"""Rows that are written at a time, of each kind; beyond that, which ones is left to chance."""

FAILURES_PER_BATCH = 50
"""Rows of failures that are written besides."""

PENDING_ROWS = 1000
"""Rows that wait while the database cannot be written; then the oldest are left out."""

P = ParamSpec("P")
R = TypeVar("R", bound=ClientRequest | UpstreamRequest)


class Sample(Generic[R]):
    """Up to ``limit`` of what is offered, each with the same chance ("algorithm R", Vitter 1985).

    What is not kept is not even made. ``chance`` gives a number from 0 up to, but not, 1.
    """

    def __init__(self, limit: int, chance: Callable[[], float] = random.random) -> None:
        self._limit = limit
        self._chance = chance
        self._kept: list[tuple[int, R]] = []
        self._offered = 0

    def offer(self, number: int, make: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> None:
        """One more, made of the arguments; ``number`` is its place in some order."""
        self._offered += 1
        if self._offered <= self._limit:
            self._kept.append((number, make(*args, **kwargs)))
            return
        place = int(self._chance() * self._offered)
        if place < self._limit:
            self._kept[place] = (number, make(*args, **kwargs))

    def take(self) -> tuple[list[tuple[int, R]], int]:
        """What was kept, each with its number, and how many were not; the next ones begin a new sample."""
        kept, left_out = self._kept, self._offered - len(self._kept)
        self._kept, self._offered = [], 0
        return kept, left_out


class Recent(Generic[R]):
    """Requests of one kind since the last batch. Failures have room of their own."""

    def __init__(
        self,
        *,
        rows_per_batch: int = ROWS_PER_BATCH,
        failures_per_batch: int = FAILURES_PER_BATCH,
        pending: int = PENDING_ROWS,
    ) -> None:
        self._failures: Sample[R] = Sample(failures_per_batch)
        self._others: Sample[R] = Sample(rows_per_batch)
        self._pending = pending
        self._ended = 0
        self._unwritten: list[R] = []
        self._left_out = 0

    def offer(self, failed: bool, make: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> None:
        """One more; ``make`` is called, with the arguments, only if there is room for it."""
        self._ended += 1
        (self._failures if failed else self._others).offer(self._ended, make, *args, **kwargs)

    def take(self) -> tuple[list[R], int]:
        """The rows in the order of their ends, and how many were left out."""
        failures, failures_left_out = self._failures.take()
        others, others_left_out = self._others.take()
        new = sorted([*failures, *others], key=lambda numbered: numbered[0])
        rows = [*self._unwritten, *(row for _, row in new)]
        surplus = max(0, len(rows) - self._pending)
        left_out = self._left_out + failures_left_out + others_left_out + surplus
        self._unwritten, self._left_out = [], 0
        return rows[surplus:], left_out

    def take_back(self, rows: list[R], left_out: int) -> None:
        """What could not be written: it comes before all that ended since."""
        self._unwritten = [*rows, *self._unwritten]
        self._left_out += left_out
