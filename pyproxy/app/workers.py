"""The supervisor: starts the server's workers, replaces those that die, and all of them one by one when it is told to.

Why so. A worker is a fresh process with the listening sockets by inheritance, not a fork of this one: only so does a
reload bring new configuration *and* new code, and a worker never carries what another has opened. This process holds
what outlives a worker (the sockets, the lock of the storage directory, the configuration that was accepted) and does
nothing that could fail: no request, no database, no event loop, and hardly an import. It is there with one worker, too:
a reload without a failed request needs two processes for a moment, and the one that people, systemd and a container
know must be the one that stays.

The configuration is read once, at the start or a reload, for all workers: one that dies while somebody is writing the
file is replaced by one like the others.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import time
from collections import deque
from collections.abc import Callable

from pyproxy.app.notify import ServiceManager
from pyproxy.app.orders import Occasion, Report
from pyproxy.app.signals import SupervisorSignals
from pyproxy.app.worker_process import WorkerProcess
from pyproxy.errors import ConfigurationError, PyproxyError, WorkersFailed

log = logging.getLogger(__name__)

STOP_SECONDS = 9.7
"""A worker gets this long to stop, which is more than it needs; all of them are gone after ten."""

READY_SECONDS = 60.0
"""How long a worker may take until it serves; the first one may take longer, for it brings the database forward."""

LEAVE_SECONDS = 1000.0
"""How long a worker that was told to leave may stay; it leaves earlier by itself (``draining.py``)."""

GENERATIONS = 2
"""So many workers at most are leaving for each that serves; the oldest must go when there are more."""

DEATHS_LIMIT = 10
DEATHS_WINDOW_SECONDS = 60.0
"""A worker that dies is replaced; if so many die in so short a time, a restart mends nothing."""

PAUSE_SECONDS = 5.0
"""Before the next try, where a replacement cannot begin."""

Launch = Callable[[int, Occasion, bool], WorkerProcess]
"""Starts the worker of a number, on an occasion, as the one that speaks or another. Raises `OSError`."""


class Workers:
    """The workers of one server.

    ``read_again`` takes in the configuration file for workers launched from then on, and gives a function that takes
    that back; it raises `ConfigurationError`. ``adapt`` is told what a worker made of it; ``forget`` the number of each
    worker that is gone. ``close`` lets go of the sockets, at the end: a connection that nobody will take is refused.
    """

    def __init__(
        self,
        launch: Launch,
        signals: SupervisorSignals,
        manager: ServiceManager,
        *,
        read_again: Callable[[], Callable[[], None]],
        adapt: Callable[[Report], None],
        forget: Callable[[int], None],
        close: Callable[[], None],
    ) -> None:
        self._launch = launch
        self._signals = signals
        self._manager = manager
        self._read_again = read_again
        self._adapt = adapt
        self._forget = forget
        self._close = close
        self._alive: dict[int, WorkerProcess] = {}
        self._places: list[WorkerProcess] = []
        self._started = False
        self._deaths: deque[float] = deque(maxlen=DEATHS_LIMIT)

    def run(self) -> None:
        """Serve until a signal to stop has come.

        Raises what keeps the first worker from serving, and `WorkersFailed` when workers die faster than it makes
        sense to replace them.
        """
        try:
            self._start()
            while not self._signals.stops:
                if self._signals.reloads:
                    self._signals.reloads.clear()
                    self._reload()
                else:
                    self._attend(None)
        finally:
            self._manager.stopping()
            self._close()
            self._stop()

    # -- the start and a reload ----------------------------------------------------------------------------------

    def _start(self) -> None:
        first = self._begin(0, "start")
        first.due = None
        if not self._comes_to_serve(first):
            if self._signals.stops:
                return
            raise _reason(first)
        assert first.report is not None
        self._places = [first]
        for place in range(1, first.report.workers):
            self._places.append(self._begin(place, "more"))
        while not self._signals.stops and not all(worker.serves for worker in self._places):
            self._attend(None)
        if not self._signals.stops:
            self._started = True
            self._manager.ready()

    def _reload(self) -> None:
        self._manager.reloading()
        try:
            take_back = self._read_again()
        except ConfigurationError as error:
            _keep(error)
        else:
            if not self._replace_all():
                take_back()
        if not self._signals.stops:
            self._manager.ready()

    def _replace_all(self) -> bool:
        """Whether the new configuration holds now, in some workers at least."""
        count, place = len(self._places), 0
        while place < count:
            fresh = self._try_begin(place, "more" if place else "reload")
            if fresh is None or not self._comes_to_serve(fresh):
                if fresh is not None and not self._signals.stops:
                    _keep(_reason(fresh))
                    fresh.send(signal.SIGTERM)
                return place > 0
            if place == 0:
                assert fresh.report is not None
                count = fresh.report.workers
                self._adapt(fresh.report)
            if place < len(self._places):
                self._let_leave(self._places[place])
                self._places[place] = fresh
            else:
                self._places.append(fresh)
            place += 1
        for surplus in self._places[count:]:
            self._let_leave(surplus)
        del self._places[count:]
        log.info("reloaded: %s", "the worker is a new one" if count == 1 else f"all {count} workers are new ones")
        return True

    def _comes_to_serve(self, worker: WorkerProcess) -> bool:
        """Wait until it serves; false when it ends before, takes too long, or the server is to stop."""
        while not worker.serves and worker.status is None and not self._signals.stops:
            self._attend(None)
        return worker.serves and not self._signals.stops

    # -- one worker ----------------------------------------------------------------------------------------------

    def _begin(self, place: int, occasion: Occasion) -> WorkerProcess:
        taken = {worker.number for worker in self._alive.values()}
        number = next(number for number in range(len(taken) + 1) if number not in taken)
        worker = self._launch(number, occasion, place == 0)
        worker.due = time.monotonic() + READY_SECONDS
        self._alive[worker.pid] = worker
        return worker

    def _try_begin(self, place: int, occasion: Occasion) -> WorkerProcess | None:
        try:
            return self._begin(place, occasion)
        except OSError as error:
            log.error("the system makes no process for another worker (%s)", error.strerror)
            return None

    def _let_leave(self, worker: WorkerProcess) -> None:
        worker.leave(LEAVE_SECONDS)
        leaving = [each for each in self._alive.values() if each.leaving]
        for oldest in leaving[: max(0, len(leaving) - GENERATIONS * len(self._places))]:
            oldest.send(signal.SIGTERM)

    def _note_death(self, dead: WorkerProcess) -> None:
        if dead.report is not None and dead.report.failure is not None:
            log.error("%s", dead.report.failure)
        dead.due = time.monotonic()
        served = dead.report is not None and dead.report.failure is None
        if self._started and not served and any(worker.serves for worker in self._places):
            dead.due += PAUSE_SECONDS  # what is in the way may go, and others serve meanwhile
        else:
            self._count_death(dead)
        log.error("worker %d died (%s) and is replaced", dead.pid, dead.end)

    def _count_death(self, dead: WorkerProcess) -> None:
        self._deaths.append(time.monotonic())
        if len(self._deaths) == DEATHS_LIMIT and self._deaths[-1] - self._deaths[0] < DEATHS_WINDOW_SECONDS:
            raise WorkersFailed(f"{DEATHS_LIMIT} workers died within a minute, the last {dead.end}: giving up")

    def _fill(self) -> None:
        """Begin a worker for each one that died, when it is time."""
        for place, dead in enumerate(self._places):
            if dead.status is not None and dead.due is not None and time.monotonic() >= dead.due:
                fresh = self._try_begin(place, "more")
                if fresh is not None:
                    self._places[place] = fresh
                else:
                    dead.due = time.monotonic() + PAUSE_SECONDS

    # -- what comes ----------------------------------------------------------------------------------------------

    def _attend(self, seconds: float | None) -> None:
        """Sleep until something comes, so many seconds at most, and see to it."""
        watched = (*self._alive.values(), *self._places)
        dues = [worker.due for worker in watched if worker.due is not None and not worker.serves]
        if dues:
            left = max(0.0, min(dues) - time.monotonic())
            seconds = left if seconds is None else min(left, seconds)
        poll = select.poll()
        poll.register(self._signals.fileno(), select.POLLIN)
        for worker in self._alive.values():
            if not worker.silent:
                poll.register(worker.fileno(), select.POLLIN)
        poll.poll(None if seconds is None else 1000 * seconds + 1)
        self._signals.clear()
        for worker in self._alive.values():
            if not worker.silent:
                worker.listen()
            if worker.due is not None and not worker.serves and time.monotonic() >= worker.due:
                what, limit = ("leave", LEAVE_SECONDS) if worker.leaving else ("serve", READY_SECONDS)
                log.error("worker %d does not %s within %g s, a fixed limit, and is killed", worker.pid, what, limit)
                worker.due = None
                worker.send(signal.SIGKILL)
        for dead in self._reap():
            if dead in self._places and not self._signals.stops:
                self._note_death(dead)
        if not self._signals.stops:
            self._fill()

    def _reap(self) -> list[WorkerProcess]:
        """The workers that have ended since the last time."""
        ended: list[WorkerProcess] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return ended
            if pid == 0:
                return ended
            worker = self._alive.pop(pid, None)
            if worker is not None:  # else an orphan: the first process of a container inherits them all
                worker.ended(status)
                self._forget(worker.number)
                ended.append(worker)

    def _stop(self) -> None:
        self._places = []  # nobody is replaced any more
        for worker in self._alive.values():
            worker.send(signal.SIGTERM)
            worker.leaving, worker.due = True, None
        deadline = time.monotonic() + STOP_SECONDS
        while self._alive and (left := deadline - time.monotonic()) > 0:
            self._attend(left)
        for worker in self._alive.values():
            log.error("worker %d does not stop within %g s, a fixed limit, and is killed", worker.pid, STOP_SECONDS)
            worker.send(signal.SIGKILL)
        for pid in self._alive:
            os.waitpid(pid, 0)


def _reason(worker: WorkerProcess) -> PyproxyError:
    """Why a worker does not serve."""
    if worker.report is not None and worker.report.failure is not None:
        kind = ConfigurationError if worker.report.usage else WorkersFailed
        return kind(worker.report.failure)
    return WorkersFailed(f"a new worker ended {worker.end} before it served")


def _keep(error: PyproxyError) -> None:
    for line in str(error).splitlines():
        log.error("the reload fails, the workers go on as they are: %s", line)
