"""The requests under way, counted, so that a stopping server can let them finish."""

from __future__ import annotations

import asyncio


class RunningRequests:
    """A request is under way until its last byte has left, or its client has."""

    def __init__(self) -> None:
        self.count = 0
        self._none_left = asyncio.Event()
        self._none_left.set()

    def began(self) -> None:
        """One more."""
        self.count += 1
        self._none_left.clear()

    def ended(self) -> None:
        """One less."""
        self.count -= 1
        if self.count == 0:
            self._none_left.set()

    async def finished(self) -> None:
        """Wait until none is under way."""
        await self._none_left.wait()
