"""Several processes that share the port: started, watched and stopped by a parent that does nothing else."""

from __future__ import annotations

import logging
import multiprocessing.util
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from pyproxy.errors import PyproxyError, WorkersFailed

log = logging.getLogger(__name__)

STOP_SECONDS = 9.7
"""A worker gets this long to stop, which is more than it needs; all of them are gone after ten."""

WATCH_SECONDS = 0.1
"""How soon a dead worker and a signal are noticed."""

DEATHS_LIMIT = 10
DEATHS_WINDOW_SECONDS = 60.0
"""A worker that dies is replaced; if so many die in so short a time, a restart mends nothing."""


def supervise(count: int, work: Callable[[], None], stopping: Sequence[int]) -> None:
    """Run ``work`` in ``count`` forked processes until a signal is in ``stopping``; a worker that dies is replaced.

    Must be called before any thread is started: threads do not survive a fork, their locks do. Raises
    `WorkersFailed` when workers die faster than it makes sense to replace them.
    """
    lifeline, held = os.pipe()
    workers = {_fork(work, lifeline, held) for _ in range(count)}
    deaths: deque[float] = deque(maxlen=DEATHS_LIMIT)
    try:
        while not stopping:
            pid, status = _reap()
            if pid == 0:
                time.sleep(WATCH_SECONDS)
                continue
            workers.discard(pid)
            if stopping:
                return
            deaths.append(time.monotonic())
            if len(deaths) == DEATHS_LIMIT and deaths[-1] - deaths[0] < DEATHS_WINDOW_SECONDS:
                raise WorkersFailed(f"{DEATHS_LIMIT} workers died within a minute, the last {_how(status)}: giving up")
            log.error("worker %d died (%s) and is replaced", pid, _how(status))
            workers.add(_fork(work, lifeline, held))
    finally:
        _stop(workers)
        os.close(lifeline)
        os.close(held)


def _fork(work: Callable[[], None], lifeline: int, held: int) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        os.close(held)
        threading.Thread(target=_stop_with_parent, args=(lifeline,), daemon=True).start()
        work()
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
