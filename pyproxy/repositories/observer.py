"""Who wants to know what upstreams were asked, and how it ended: figures for monitoring, records for `explain`.

Observers are told on the event loop, after the fact: they must neither wait nor raise, and nothing depends on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pyproxy.errors import UpstreamError

Route = Literal["page", "file", "metadata", "json", "list"]
"""What an upstream is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request to an upstream that has ended.

    ``project`` is empty for the list of projects, ``filename`` for pages. ``found`` is false for an honest "no such
    project" and for every failure; ``error`` is the failure. ``seconds`` is how long the upstream took, where that
    was measured; ``received`` counts the bytes of its body, where they were counted. ``part``: only a range of a file
    was asked for, or its size, which says nothing of its content. ``rests_for``: after this failure the upstream is not
    asked for so many seconds, then a probe is due. ``certificate_ends`` is until when the certificate is valid that the
    upstream showed last (unix seconds), where that is known.
    """

    upstream_id: int
    upstream: str
    route: Route
    project: str = ""
    filename: str = ""
    found: bool = False
    error: UpstreamError | None = None
    seconds: float | None = None
    received: int | None = None
    part: bool = False
    rests_for: float | None = None
    certificate_ends: float | None = None


class Observer(Protocol):
    """Told of every request to an upstream, and of its rests."""

    def asked(self, event: Asked) -> None:
        """A request has ended."""

    def rest_began(self, upstream_id: int, upstream: str, error: UpstreamError | None) -> None:
        """The upstream is not asked any more until a probe succeeds; ``error`` is the last failure."""

    def rest_ended(self, upstream_id: int, upstream: str) -> None:
        """The upstream answers again, or its settings changed."""


class Observers:
    """Tells several; an `Observer` itself."""

    def __init__(self, observers: Sequence[Observer] = ()) -> None:
        self._observers = tuple(observers)

    def asked(self, event: Asked) -> None:
        for observer in self._observers:
            observer.asked(event)

    def rest_began(self, upstream_id: int, upstream: str, error: UpstreamError | None) -> None:
        for observer in self._observers:
            observer.rest_began(upstream_id, upstream, error)

    def rest_ended(self, upstream_id: int, upstream: str) -> None:
        for observer in self._observers:
            observer.rest_ended(upstream_id, upstream)
