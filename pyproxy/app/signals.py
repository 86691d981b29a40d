"""The signals of a server's processes: SIGTERM and SIGINT end them, SIGHUP makes the supervisor reload.

None may be lost, not even during the start, and none may leave anything half open.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio  # the supervisor does without

HELD_BACK = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""A process that is being made inherits what its maker holds back: so a signal never meets half of Python's start."""


class SupervisorSignals:
    """Remembers what comes from its construction on, and can be waited for: readable when something has come.

    ``stops`` and ``reloads`` are the numbers of those that came. The end of a child wakes up, too.
    """

    def __init__(self) -> None:
        self.stops: list[int] = []
        self.reloads: list[int] = []
        self._wakes, self._woken = socket.socketpair()
        self._wakes.setblocking(False)
        self._woken.setblocking(False)
        signal.set_wakeup_fd(self._woken.fileno(), warn_on_full_buffer=False)
        # A terminal that is closed hangs up, and nobody expects the server to live on without it.
        ends_with_terminal = os.isatty(0)
        for number in (signal.SIGTERM, signal.SIGINT, *([signal.SIGHUP] if ends_with_terminal else [])):
            signal.signal(number, lambda number, frame: self.stops.append(number))
        if not ends_with_terminal:
            signal.signal(signal.SIGHUP, lambda number, frame: self.reloads.append(number))
        signal.signal(signal.SIGCHLD, lambda number, frame: None)

    def fileno(self) -> int:
        """For a selector."""
        return self._wakes.fileno()

    def clear(self) -> None:
        """What has come was seen; sleep until something else does."""
        with contextlib.suppress(BlockingIOError):
            while self._wakes.recv(4096):
                pass


class WorkerSignals:
    """Until a worker serves, SIGTERM ends it at once; from `hand_over` on the loop decides.

    SIGHUP, and SIGINT before that, are the supervisor's affair: a terminal sends them to all processes alike.
    """

    def __init__(self) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)

    def hand_over(self, loop: asyncio.AbstractEventLoop, stop: Callable[[], object]) -> None:
        """From now on the loop calls this."""
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Whatever process is made in here begins with its signals held back, until `WorkerSignals` take them."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, HELD_BACK)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
