"""A server whose connections can be ended without a failed request, one after the other.

A client with an idle connection may send its next request at the very moment in which we close it, and cannot know
whether we have read it. So a connection is told first: its next response says ``Connection: close``. One on which
nothing comes is closed after it has been idle for so long that its client is not likely to use it any more (nginx has
``keepalive_min_timeout`` for the same reason). Responses under way are finished, however slow their clients are, up to
a limit that a large file takes on a slow line.
"""

from __future__ import annotations

import asyncio
import contextlib

from pyproxy.app.idle_connections import PatientServer

IDLE_SECONDS = 60.0
"""So long a connection must have been idle to be closed; longer than clients are used to wait for it."""

DRAIN_SECONDS = 900.0
"""What responses under way get; at 1 MB/s that is most of a gigabyte."""

LOOK_SECONDS = 0.25


class DrainingServer(PatientServer):
    """Tornado's server, as patient, which can let go of its clients."""

    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self._waiting)

    async def drain(
        self, stop: asyncio.Event, *, idle_seconds: float = IDLE_SECONDS, drain_seconds: float = DRAIN_SECONDS
    ) -> None:
        """Take no new connections, and return when all have ended, when time is up, or on ``stop``."""
        self.stop()
        self.conn_params.no_keep_alive = True  # asked by each connection when a request has come
        self._idle_limit = min(self._idle_limit, idle_seconds)
        deadline = self._clock() + drain_seconds
        while self._waiting and self._clock() < deadline and not stop.is_set():
            self.look()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
