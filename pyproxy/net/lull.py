"""Work for the disk that can wait, put off while an installer's burst of requests is answered.

To keep what has come (fsync, rename, rows) is the work of threads, each step of which wins the interpreter's lock from
the event loop: with idle cores that costs as much again as fetching a page or a small file. An installer asks for a
hundred of them at once, and would wait for all of it, though every byte that it wants is here. So it is done once
nothing has been arriving for a moment, and soon in any case. A single request puts nothing off.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

QUIET_SECONDS = 0.5
"""How long nothing may have been arriving: installers ask for the next files as soon as they have read some, and have
the processor for themselves while they unpack."""

LONGEST_SECONDS = 5.0
"""How long work is put off at most. What came in so much time is asked for again if the machine dies."""

MOST = 200
"""So much work waits at a time at most, what comes then is done at once: an arrived file holds two descriptors."""


class Lull:
    """Knows whether anything is arriving from upstreams, and lets work wait until nothing is: ``most`` at a time."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._arriving = 0
        self._arrived_at = 0.0
        self._waiting = 0
        self._none_arriving = asyncio.Event()
        self._over = asyncio.Event()

    @contextlib.contextmanager
    def arriving(self) -> Iterator[None]:
        """Something is on its way."""
        self._arriving += 1
        self._none_arriving.clear()
        try:
            yield
        finally:
            self._arriving -= 1
            self._arrived_at = asyncio.get_running_loop().time()
            if not self._arriving:
                self._none_arriving.set()

    @property
    def arriving_now(self) -> int:
        """How much is on its way."""
        return self._arriving

    @property
    def puts_off(self) -> bool:
        """Whether work would have to wait now."""
        return self._is_burst and self._waiting < self._most

    @property
    def _is_burst(self) -> bool:
        return self._arriving > 0 and not self._over.is_set()

    async def wait(self, *, counted: bool = True) -> None:
        """Return once there is a lull; at once where there is one, or too much waits already.

        Work is not ``counted`` whose amount is bounded by something else.
        """
        if not (self.puts_off if counted else self._is_burst):
            return
        self._waiting += counted
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_SECONDS):
                    await self._quiet()
        finally:
            self._waiting -= counted

    def end(self) -> None:
        """From now on nothing waits, and what has waited is done: the process ends."""
        self._over.set()
        self._none_arriving.set()

    async def _quiet(self) -> None:
        now = asyncio.get_running_loop().time
        while not self._over.is_set() and (self._arriving or now() < self._arrived_at + QUIET_SECONDS):
            await self._none_arriving.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._arrived_at + QUIET_SECONDS):
                    await self._over.wait()
