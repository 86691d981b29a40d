"""What ends an upstream's rest: a question in the background after each pause."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from pyproxy.errors import UpstreamForbidden
from pyproxy.net.health import Health
from pyproxy.simple.model import NormalizedName

log = logging.getLogger(__name__)

Question = Callable[[NormalizedName], Awaitable[object]]
"""Asks for a project and writes what comes of it into the upstream's health; the answer, or the `UpstreamError`."""


class Probes:
    """Asks for a project that failed, after each pause, until an answer ends the rest.

    ``answered`` is called for an answer that ends the rest though it is a failure. ``project`` is the one that was
    asked for last, if there was a rest.
    """

    def __init__(
        self, upstream: str, health: Health, ask: Question, answered: Callable[[], None]
    ) -> None:
        self._upstream = upstream
        self._health = health
        self._ask = ask
        self._answered = answered
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        self.project: NormalizedName | None = None

    def begin(self, project: NormalizedName) -> None:
        """Probe, if the upstream rests and nobody does; also where the rest began under earlier settings."""
        if self._stopped or not self._health.resting or (self._task is not None and not self._task.done()):
            return
        self.project = project
        last = self._health.last_error
        log.warning("upstream %s rests: %s", self._upstream, last.reason if last is not None else "it failed")
        self._task = asyncio.get_running_loop().create_task(self._run(project))

    def stop(self) -> None:
        """Probe no more."""
        self._stopped = True
        if self._task is not None:
            self._task.cancel()

    async def _run(self, project: NormalizedName) -> None:
        while self._health.resting:
            await asyncio.sleep(self._health.seconds_to_probe)
            if self._health.probe_due and isinstance(await self._ask(project), UpstreamForbidden):
                self._answered()  # where it leads is not followed, but it answers
        log.info("upstream %s answers again", self._upstream)
