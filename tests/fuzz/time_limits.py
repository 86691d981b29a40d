"""A limit for the time that something takes, in processor seconds: how busy the machine is does not matter."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SECONDS = 5.0
"""Far more than is needed, and far less than what takes time by the square of its input would take."""


class TookTooLong(Exception):
    """The limit was reached."""


@contextmanager
def in_time() -> Iterator[None]:
    """Raises `TookTooLong` in the middle of what takes longer."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
