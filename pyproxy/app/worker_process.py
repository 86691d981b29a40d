"""One worker as its supervisor sees it: started from nothing, told what to do, listened to, and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from pyproxy.app.orders import LEAVE, VARIABLE, Order, Report, line_of, report_of
from pyproxy.app.signals import held_back

SEND_SECONDS = 30.0
"""How long a new worker may take to read its order; it is the first thing that it does."""

def own_command() -> list[str]:
    """The command line by which this process was started: a worker finds the same program there, as it is now."""
    return [sys.executable, *sys.orig_argv[1:]]


class WorkerProcess:
    """A started worker. ``report`` is what it said of itself, ``status`` how it ended (as ``waitpid`` says it).

    ``due`` is until when (monotonic seconds) it has to do what it is doing, starting or leaving; ``None``: for ever.
    One that is ``silent`` will say nothing more. Raises `OSError` when the system makes no process.
    """

    def __init__(self, command: Sequence[str], order: Order, environ: Mapping[str, str]) -> None:
        self.number = order.number
        self.report: Report | None = None
        self.status: int | None = None
        self.due: float | None = None
        self.leaving = False
        self.silent = False
        self._received = b""
        self._control, its = socket.socketpair()
        try:
            with its, held_back():
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,  # a terminal is the supervisor's affair
                    env={**environ, VARIABLE: str(its.fileno())},
                    pass_fds=(its.fileno(), *order.descriptors),
                )
        except OSError:
            self._control.close()
            raise
        self.pid = self._process.pid
        self._control.settimeout(SEND_SECONDS)
        with contextlib.suppress(OSError):  # its end will say more
            self._control.sendall(line_of(order))
        self._control.setblocking(False)

    def fileno(self) -> int:
        """For a selector: readable when it has said something, or ended."""
        return self._control.fileno()

    @property
    def serves(self) -> bool:
        """Whether it takes connections, as far as one knows."""
        return self.report is not None and self.report.failure is None and self.status is None and not self.leaving

    def listen(self) -> None:
        """Take in what it said."""
        try:
            while part := self._control.recv(1 << 16):
                self._received += part
            self.silent = True
        except BlockingIOError:
            pass
        except OSError:
            self.silent = True
        line, newline, rest = self._received.partition(b"\n")
        if newline:
            self.report, self._received = report_of(line), rest

    def leave(self, seconds: float) -> None:
        """Let it take no new connections and end when those that it has are done, in so many seconds at most."""
        self.leaving = True
        self.due = time.monotonic() + seconds
        with contextlib.suppress(OSError):
            self._control.sendall(line_of(LEAVE))

    def send(self, number: signal.Signals) -> None:
        """A signal, unless it has ended."""
        if self.status is None:
            os.kill(self.pid, number)

    def ended(self, status: int) -> None:
        """It was reaped; listens a last time."""
        self.status = status
        self.listen()
        self.silent = True
        self._control.close()
        self._process.returncode = os.waitstatus_to_exitcode(status)  # it must not be waited for again

    @property
    def end(self) -> str:
        """How it ended, in words."""
        assert self.status is not None
        code = os.waitstatus_to_exitcode(self.status)
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"with status {code}"
