"""Handlers that take the body of a request: all of it, up to ``server.max_body_size``.

What is larger is read to its end and thrown away, so that the client sees the refusal: who is cut off while sending
does not. Who asks before sending (``Expect: 100-continue``, as curl does) is refused at once, and need not send it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tornado.httputil import HTTPHeaders

from pyproxy.handlers.base import BaseHandler, Services
from pyproxy.handlers.statuses import Problem
from pyproxy.settings.quantities import format_size


class BodyTooLarge(Exception):
    """A body is larger than ``limit`` bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(limit)

    @property
    def problem(self) -> Problem:
        """What the client is told."""
        return Problem(
            413,
            f"The body of the request is larger than {format_size(self.limit)} (server.max_body_size)",
            "Nothing was changed. If so much has to be sent, raise server.max_body_size and reload the server.",
        )


@dataclass(slots=True)
class Body:
    """What has come of a body that may have ``limit`` bytes; what is too much is counted, not kept."""

    limit: int
    chunks: list[bytes] = field(default_factory=list)
    size: int = 0

    def take(self, chunk: bytes) -> None:
        """The next piece."""
        self.size += len(chunk)
        if self.size <= self.limit:
            self.chunks.append(chunk)
        else:
            self.chunks.clear()

    def content(self) -> bytes:
        """All of it. Raises `BodyTooLarge`."""
        if self.size > self.limit:
            raise BodyTooLarge(self.limit)
        return b"".join(self.chunks)


class CollectingHandler(BaseHandler):
    """Collects the bodies of its requests in ``body``."""

    def initialize(self, services: Services) -> None:
        super().initialize(services)
        self.body = Body(services.max_body_size)

    def prepare(self) -> None:
        super().prepare()
        if self.request.headers.get("Expect") and announced(self.request.headers) > self.body.limit:
            self.send_problem(BodyTooLarge(self.body.limit).problem)

    def data_received(self, chunk: bytes) -> None:
        self.body.take(chunk)


def announced(headers: HTTPHeaders) -> int:
    """The bytes of the body that is to come, 0 where nothing tells them; more than any limit is one number."""
    length = headers.get("Content-Length", "").lstrip("0")
    if not (length.isascii() and length.isdigit()):
        return 0
    return int(length) if len(length) < 20 else 10**19
