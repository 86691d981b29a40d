"""Parsing and rendering where they do not stall the event loop.

A small page is worked on at once: handing it over would cost more than it takes. A larger one goes to a thread,
and a big one to another process, because a thread holds the interpreter's lock while it decodes megabytes. The
process starts with the first big page, ends when it has had nothing to do for a while, and ends with its parent,
however that ends. A page that takes it too long is given up: nobody's page may keep the others' waiting for ever.

It takes a tenth of a second and more to start. Work that cannot take long for its size, whoever made the page, does not
wait for that.
"""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Literal, ParamSpec, TypeVar

from pyproxy.errors import WorkTooLong

P = ParamSpec("P")
T = TypeVar("T")

INLINE_BELOW = 48 * 1024
"""Bytes of page that are worked on in a millisecond or so."""

AT_ONCE = 2
"""What is linear is worked on at once also where it is so many times as large."""

THREAD_BELOW = 512 * 1024
"""Bytes of page whose longest hold of the interpreter's lock stays in single milliseconds."""

MEANWHILE = 4
"""While the process is starting, a thread does what is linear and so many times as large."""

PROCESS_LIMIT_SECONDS = 30.0
"""How long one page may take the process; honest ones of 128 MB take a few seconds."""

PROCESS_IDLE_SECONDS = 60.0
"""The process holds some tens of megabytes; without big pages it goes."""

Place = Literal["inline", "thread", "process"]


class Workshop:
    """Runs pure functions inline, in a thread or in a process, by the size of what they work on.

    ``runs`` counts what was done where, by the function's name.
    """

    def __init__(
        self,
        *,
        inline_below: int = INLINE_BELOW,
        thread_below: int = THREAD_BELOW,
        process_limit: float = PROCESS_LIMIT_SECONDS,
        process_idle: float = PROCESS_IDLE_SECONDS,
    ) -> None:
        self._inline_below = inline_below
        self._thread_below = thread_below
        self._process_limit = process_limit
        self._process_idle = process_idle
        self._in_process = 0
        self._closed = False
        self._idle: asyncio.TimerHandle | None = None
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pages")
        self._processes: ProcessPoolExecutor | None = None
        self._started: Future[None] | None = None
        self.runs: Counter[tuple[str, Place]] = Counter()

    async def run(self, size: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``function(*args, **kwargs)``, which must be picklable; ``size`` in bytes decides where it runs.

        Raises what the function raises, and `WorkTooLong` when the process was at it for too long.
        """
        if size < self._thread_below:
            return await self.run_in_thread(size, function, *args, **kwargs)
        self._in_process += 1
        try:
            processes = self._start_processes()
            try:
                return await self._submit_bounded(processes, function, *args, **kwargs)
            except BrokenProcessPool:
                # Killed from outside (out of memory, an administrator): one new process, one more try.
                self._replace(processes)
                return await self._submit_bounded(self._start_processes(), function, *args, **kwargs)
        finally:
            self._in_process -= 1
            self._end_when_idle()

    async def run_linear(self, size: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for work whose time grows with its size and no faster, whatever an upstream has made of it."""
        if size < self._inline_below * AT_ONCE:
            return self._run_inline(function, *args, **kwargs)
        if self._thread_below <= size < self._thread_below * MEANWHILE and not self._process_stands:
            self._start_processes()
            try:
                return await self._submit(self._threads, function, *args, **kwargs)
            finally:
                self._end_when_idle()
        return await self.run(size, function, *args, **kwargs)

    async def run_in_thread(self, size: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for work whose result is costly to hand over between processes, and quick for its size."""
        if size < self._inline_below:
            return self._run_inline(function, *args, **kwargs)
        return await self._submit(self._threads, function, *args, **kwargs)

    def _run_inline(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        self.runs[function.__name__, "inline"] += 1
        return function(*args, **kwargs)

    async def _submit(self, executor: Executor, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        self.runs[function.__name__, "thread" if executor is self._threads else "process"] += 1
        return await asyncio.wrap_future(executor.submit(function, *args, **kwargs))

    async def _submit_bounded(
        self, processes: ProcessPoolExecutor, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        try:
            async with asyncio.timeout(self._process_limit * self._in_process):  # they take their turns
                return await self._submit(processes, function, *args, **kwargs)
        except TimeoutError as error:
            _kill(processes)  # first: a pool that was shut down forgets its process
            self._replace(processes)
            raise WorkTooLong(f"it takes more than {self._process_limit:g} s of work, a fixed limit") from error

    def _end_when_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        if self._in_process == 0:
            self._idle = asyncio.get_running_loop().call_later(self._process_idle, self._stop_processes)

    def _start_processes(self) -> ProcessPoolExecutor:
        if self._closed:
            raise RuntimeError("the workshop is closed")
        if self._processes is None:
            # "spawn": a fork of a process with threads and curl handles would inherit their locks.
            self._processes = ProcessPoolExecutor(
                max_workers=1, mp_context=multiprocessing.get_context("spawn"), initializer=_prepare_process
            )
            self._started = self._processes.submit(_load)
        return self._processes

    @property
    def _process_stands(self) -> bool:
        return self._started is not None and self._started.done()

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        """Of several who find it broken, only the first may do so: the others already wait for the new one."""
        if self._processes is broken:
            self._stop_processes()

    def _stop_processes(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._processes is not None:
            self._processes.shutdown(wait=False, cancel_futures=True)
            self._processes = None

    def close(self) -> None:
        """Stop the thread and the process; work under way is abandoned."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._stop_processes()


def _load() -> None:
    """The first that the process does: once it has, no page waits for modules."""
    importlib.import_module("pyproxy.simple.work")


def _kill(processes: ProcessPoolExecutor) -> None:
    """End the pool's process in the middle of its work; later Pythons have a method for it."""
    for process in list((processes._processes or {}).values()):
        process.kill()


def _prepare_process() -> None:
    """Ctrl-C is the parent's business; and when the parent is gone, so are we."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(0)
