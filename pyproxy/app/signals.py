"""The signals of a server process: SIGTERM and SIGINT end it, SIGHUP makes it read its certificate again.

None may be lost, not even during the start, and none may leave anything half open.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable


class Signals:
    """Remembers what comes from its construction on, until the running server takes the signals itself.

    ``stops`` and ``rereads`` are the numbers of those that came. Forked workers begin with a copy.
    """

    def __init__(self) -> None:
        self.stops: list[int] = []
        self.rereads: list[int] = []
        # A terminal that is closed hangs up, and nobody expects the server to live on without it.
        ends_with_terminal = os.isatty(0)
        self._stopping = [signal.SIGTERM, signal.SIGINT, *([signal.SIGHUP] if ends_with_terminal else [])]
        self._rereading = [] if ends_with_terminal else [signal.SIGHUP]
        for number in self._stopping:
            signal.signal(number, lambda number, frame: self.stops.append(number))
        for number in self._rereading:
            signal.signal(number, lambda number, frame: self.rereads.append(number))

    def hand_over(self, stop: Callable[[], object], reread: Callable[[], object]) -> None:
        """From now on the running loop calls these instead; what came before stays in the lists."""
        loop = asyncio.get_running_loop()
        for number in self._stopping:
            loop.add_signal_handler(number, stop)
        for number in self._rereading:
            loop.add_signal_handler(number, reread)
