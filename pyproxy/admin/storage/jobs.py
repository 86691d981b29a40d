"""Does long work in this process as a job that every process can look at and stop (``storage.jobs``)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Protocol

from pyproxy.errors import StorageError
from pyproxy.storage.gentle_reads import Interrupted
from pyproxy.storage.jobs import JobStore, Outcome, Told

log = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
"""How often a job says how far it is, and hears that it should stop."""


class Work(Protocol):
    """Something long to do."""

    def told(self) -> Told:
        """How far it is; asked all the time."""

    async def run(self) -> None:
        """Do it; may be cancelled. Raises `StorageError`, and `Interrupted` once it was stopped."""

    def stop(self) -> None:
        """Let ``run`` end soon."""


class JobRunner:
    """The jobs of this process. ``holder`` is the name of its temporary folder."""

    def __init__(self, store: JobStore, holder: str, *, beat_seconds: float = BEAT_SECONDS) -> None:
        self._store = store
        self._holder = holder
        self._beat_seconds = beat_seconds
        self._works: dict[str, Work] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, kind: str, wanted: str, work: Work) -> bool:
        """Begin a job; ``False`` while another of its kind is under way, in whichever process.

        Raises `StorageError`.
        """
        job_id = await self._store.begin(kind, self._holder, wanted, work.told())
        if job_id is None:
            return False
        self._works[kind] = work
        task = asyncio.get_running_loop().create_task(self._do(job_id, kind, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def stop(self, kind: str) -> bool:
        """Let the job under way stop, in whichever process; whether there is one. Raises `StorageError`."""
        asked = await self._store.ask_to_stop(kind)
        if kind in self._works:
            self._works[kind].stop()
        return asked

    async def close(self) -> None:
        """End what is under way; it counts as cut off."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _do(self, job_id: int, kind: str, work: Work) -> None:
        doing = asyncio.get_running_loop().create_task(work.run())
        outcome: Outcome = "cut off"
        problem = ""
        try:
            await self._follow(job_id, doing, work)
            outcome, problem = _ended(doing)
        finally:
            # Also when this is cancelled: then the work has ended before the row says so.
            doing.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await doing
            del self._works[kind]
            try:
                await self._store.end(job_id, outcome, work.told(), problem)
            except StorageError as error:
                log.warning("how the job %s ended could not be stored: %s", kind, error)

    async def _follow(self, job_id: int, doing: asyncio.Task[None], work: Work) -> None:
        while not doing.done():
            await asyncio.wait({doing}, timeout=self._beat_seconds)
            if doing.done():
                return
            try:
                if not await self._store.tell(job_id, work.told()):
                    work.stop()
            except StorageError as error:  # it goes on, and says so the next time
                log.warning("how far a job is could not be stored: %s", error)


def _ended(doing: asyncio.Task[None]) -> tuple[Outcome, str]:
    error = doing.exception()
    if error is None:
        return "done", ""
    if isinstance(error, Interrupted):
        return "stopped", ""
    if isinstance(error, StorageError):
        return "failed", str(error)
    log.error("a job failed", exc_info=error)
    return "failed", "a defect in pyproxy (see its log)"
