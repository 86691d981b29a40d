"""What an upstream's answer looks like to whoever asked: its head, the receiver of its body, and how to slow it down.

Values and promises only. The transfer calls a :class:`Receiver` on the event loop's thread, in this order: ``started``
once, for the final hop of a chain of redirects, then ``write`` for each piece of the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol


class Flow(Protocol):
    """Slows a transfer down: back-pressure, so that what cannot be stored yet waits at the upstream, not in memory.

    Both may be called at any time on the loop's thread, also from within ``write``, more than once, and after the
    transfer's end (then they do nothing). The time spent paused does not count as a stall.
    """

    def pause(self) -> None:
        """Ask for no further ``write``; pieces that are already on their way may still come."""
        ...

    def resume(self) -> None:
        """Let the body flow again. The next ``write`` comes from the loop, never from within this call."""
        ...


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """The status line and headers of the answer that ends the redirects.

    ``headers`` has lower-case names; repeated ones are joined by ``", "`` (RFC 9110 section 5.3). ``url`` is the final
    one, without credentials. ``encoded`` says that the body has a content coding other than ``identity``, named by
    the header ``content-encoding``; for pages the transfer decodes it, for files it hands the body over as it came.
    ``content_length`` counts the bytes on the wire, before any decoding; ``None`` where no valid length was announced.
    ``flow`` pauses the body; ``None`` where the transfer cannot be paused.
    """

    status: int
    headers: Mapping[str, str]
    url: str
    encoded: bool
    content_length: int | None
    flow: Flow | None = None


def answered(status: int) -> str:
    """A status as a clause for people: ``answered 404 Not Found``."""
    try:
        return f"answered {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"answered {status}"


class Receiver(Protocol):
    """Takes one response as it arrives. What either method raises ends the transfer and comes out of the request."""

    def started(self, response: ResponseHead) -> None:
        """The headers of the final hop are here; nothing of the body is yet."""
        ...

    def write(self, data: bytes) -> None:
        """A piece of the body; must be quick, since the transfer and the event loop wait for it."""
        ...
