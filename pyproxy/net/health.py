"""Whether an upstream can be asked at all: after repeated failures of its connection it rests.

Three failures in a row and nothing is asked any more until a probe succeeds. Probes become due after pauses of 5, 10,
20, 40 and then 60 seconds; one success ends the rest. Nothing is timed here: the caller's clock is an argument, and
the probes are the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyproxy.errors import UpstreamError, UpstreamForbidden, UpstreamUnreachable

FAILURES_BEFORE_REST = 3
PAUSES = (5.0, 10.0, 20.0, 40.0, 60.0)
"""Seconds between the failure and the probes that follow."""


class Health:
    """One upstream's record. ``clock`` gives seconds and never runs backwards (``time.monotonic``).

    ``pauses`` are the seconds before each probe; the last one repeats.

    ``last_error`` is the newest failure of any kind since the last success. ``suspect``: a request overran its
    patience, and nothing has succeeded since.
    """

    def __init__(self, clock: Callable[[], float], pauses: Sequence[float] = PAUSES) -> None:
        self._clock = clock
        self._pause_seconds = pauses
        self._failures = 0
        self._pauses = 0
        self.probe_at: float | None = None
        self.last_error: UpstreamError | None = None
        self.suspect = False

    @property
    def resting(self) -> bool:
        """Whether requests must not be sent: the upstream counts as failed at once, with ``last_error``."""
        return self.probe_at is not None

    @property
    def probe_due(self) -> bool:
        """Whether the pause is over and one request may find out how things are."""
        return self.probe_at is not None and self._clock() >= self.probe_at

    @property
    def seconds_to_probe(self) -> float:
        """How long until the next probe is due; 0 when it is, or when there is no rest."""
        return 0.0 if self.probe_at is None else max(0.0, self.probe_at - self._clock())

    def failed(self, error: UpstreamError) -> None:
        """A request failed. Only connections count: an upstream that answers nonsense is there.

        A request that never left, for want of a free connection, says nothing.
        """
        if not error.was_asked:
            return
        if isinstance(error, UpstreamForbidden):
            self.last_error = error.kept()
            return
        if not isinstance(error, UpstreamUnreachable):
            self.succeeded()
            self.last_error = error.kept()
            return
        self.last_error = error.kept()
        self._failures += 1
        # Requests that were under way when the rest began fail during it; they do not make it longer.
        if self._failures >= FAILURES_BEFORE_REST and (self.probe_at is None or self.probe_due):
            self.probe_at = self._clock() + self._pause_seconds[min(self._pauses, len(self._pause_seconds) - 1)]
            self._pauses += 1

    def succeeded(self) -> None:
        """A request was answered."""
        self._failures = self._pauses = 0
        self.probe_at = None
        self.last_error = None
        self.suspect = False

    def overran(self) -> None:
        """A request was not answered in the time that somebody would wait for it; it may still be."""
        self.suspect = True
