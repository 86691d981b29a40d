"""Several processes that share the port: started, watched and stopped by a parent that does nothing else."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing.util
import os
import signal
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

from pyproxy.app.notify import Supervisor
from pyproxy.app.shared_figures import forget_process
from pyproxy.app.signals import Signals
from pyproxy.errors import PyproxyError, WorkersFailed

log = logging.getLogger(__name__)

STOP_SECONDS = 9.7
"""A worker gets this long to stop, which is more than it needs; all of them are gone after ten."""

WATCH_SECONDS = 0.1
"""How soon a dead worker and a signal are noticed."""

DEATHS_LIMIT = 10
DEATHS_WINDOW_SECONDS = 60.0
"""A worker that dies is replaced; if so many die in so short a time, a restart mends nothing."""

_PID = struct.Struct("=i")


Work = Callable[[int, Supervisor], None]
"""What a worker does from its start to its end, given its number (0 is the first) and whom it tells of that."""


def supervise(count: int, work: Work, signals: Signals, supervisor: Supervisor) -> None:
    """Run ``work`` in ``count`` forked processes until a signal to stop has come; a worker that dies is replaced.

    ``supervisor`` is told once all of them serve. Must be called before any thread is started: threads do not survive
    a fork, their locks do. Raises `WorkersFailed` when workers die faster than it makes sense to replace them.
    """
    lifeline, held = os.pipe()
    roll = _Roll()
    workers = {_fork(work, number, roll, lifeline, held): number for number in range(count)}
    deaths: deque[float] = deque(maxlen=DEATHS_LIMIT)
    told = False
    try:
        while not signals.stops:
            if not told and workers.keys() <= roll.call():
                supervisor.ready()
                told = True
            _pass_on(signals, workers)
            pid, status = _reap()
            if pid == 0:
                time.sleep(WATCH_SECONDS)
                continue
            if pid not in workers:
                continue  # the first process of a container inherits the orphans of all others
            number = workers.pop(pid)
            if signals.stops:
                return
            forget_process(pid)
            deaths.append(time.monotonic())
            if len(deaths) == DEATHS_LIMIT and deaths[-1] - deaths[0] < DEATHS_WINDOW_SECONDS:
                raise WorkersFailed(f"{DEATHS_LIMIT} workers died within a minute, the last {_how(status)}: giving up")
            log.error("worker %d died (%s) and is replaced", pid, _how(status))
            workers[_fork(work, number, roll, lifeline, held)] = number
    finally:
        supervisor.stopping()
        _stop(set(workers))
        roll.close()
        os.close(lifeline)
        os.close(held)


class _Roll:
    """Which workers serve; as each one's `Supervisor` it carries that to the parent, through a pipe."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        self._serving: set[int] = set()

    def ready(self) -> None:
        """In a worker: it serves."""
        os.write(self._write, _PID.pack(os.getpid()))

    def stopping(self) -> None:
        """In a worker: the parent knows, for it said so."""

    def call(self) -> set[int]:
        """In the parent: the ids of all that ever served."""
        with contextlib.suppress(BlockingIOError):
            self._serving.update(pid for (pid,) in _PID.iter_unpack(os.read(self._read, 64 * _PID.size)))
        return self._serving

    def close(self) -> None:
        """In the parent, at the end."""
        os.close(self._read)
        os.close(self._write)


def _pass_on(signals: Signals, workers: Iterable[int]) -> None:
    """Let the workers read again what the parent was asked to."""
    if signals.rereads:
        signals.rereads.clear()
        for pid in workers:
            os.kill(pid, signal.SIGHUP)


def _fork(work: Work, number: int, roll: _Roll, lifeline: int, held: int) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    # Python forgets in a child what came to it before it was set up; held back, a signal comes after that.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
    pid = os.fork()
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    if pid:
        return pid
    status = 1
    try:
        os.close(held)
        threading.Thread(target=_stop_with_parent, args=(lifeline,), daemon=True).start()
        work(number, roll)
        status = 0
    except PyproxyError as error:
        log.error("%s", error)
    except Exception:
        log.exception("a worker failed")
    finally:
        # The names of the page process's semaphores outlive us otherwise, with a warning for each.
        multiprocessing.util._run_finalizers(0)  # type: ignore[attr-defined]
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _stop_with_parent(lifeline: int) -> None:
    """Wait for the end of the pipe that the parent alone holds open, however the parent ends; then stop as it would.

    A worker without a parent would keep the port and the storage directory from the next server.
    """
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _reap() -> tuple[int, int]:
    """The id of a worker that ended and how (as ``waitpid`` says it); 0 where none did."""
    try:
        return os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return 0, 0


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"with status {code}"


def _stop(workers: set[int]) -> None:
    for pid in workers:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while workers and time.monotonic() < deadline:
        pid, _ = _reap()
        workers.discard(pid)
        if pid == 0:
            time.sleep(0.02)
    for pid in workers:
        log.error("worker %d does not stop and is killed", pid)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
