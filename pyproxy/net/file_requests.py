"""Asking an upstream for a file: whole, a range of it, or its size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from pyproxy.errors import ConnectionBroken, UpstreamStatus
from pyproxy.net.response import Receiver, ResponseHead, answered

Part = tuple[int, int] | int
"""Which bytes of a file: from the first to the end (exclusive), or the last so many."""


class Requests(Protocol):
    """The part of ``connection.UpstreamConnection`` that files need."""

    async def request(
        self,
        url: str,
        *,
        receiver: Receiver,
        kind: Literal["page", "file"],
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        first_byte_timeout: float | None = None,
        allow_http_downgrade: bool = False,
    ) -> object: ...


class _Gate:
    """Lets only one status through to the receiver behind it."""

    def __init__(self, upstream: str, wanted: int, receiver: Receiver) -> None:
        self._upstream = upstream
        self._wanted = wanted
        self._receiver = receiver
        self.opened = False

    def started(self, response: ResponseHead) -> None:
        if response.status != self._wanted:
            raise status_error(self._upstream, response.status)
        self.opened = True
        self._receiver.started(response)

    def write(self, data: bytes) -> None:
        self._receiver.write(data)


async def fetch_file(
    requests: Requests,
    url: str,
    receiver: Receiver,
    *,
    upstream: str,
    hashed: bool,
    part: Part | None = None,
) -> None:
    """Send the body of the file, or of its ``part``, to the receiver.

    ``hashed`` tells that a listed hash protects it on the way, so that plain http is good enough (it never
    goes from https to http for a file without one). One retry after a reset or a 5xx, if nothing was received before;
    none after a time-out. Raises `UpstreamError`; a status other than 200 (206 for a part) is an `UpstreamStatus`.
    """
    headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
    if part is not None:
        headers["Range"] = f"bytes=-{part}" if isinstance(part, int) else f"bytes={part[0]}-{part[1] - 1}"
    for attempt in (1, 2):
        gate = _Gate(upstream, 200 if part is None else 206, receiver)
        try:
            await requests.request(
                url,
                receiver=gate,
                kind="file",
                headers=headers,
                allow_http_downgrade=hashed,
            )
            return
        except ConnectionBroken:
            if gate.opened or attempt == 2:
                raise
        except UpstreamStatus as error:
            if gate.opened or attempt == 2 or error.status < 500:
                raise


async def file_size(requests: Requests, url: str, *, upstream: str, hashed: bool) -> int | None:
    """The size an upstream announces for a file (HEAD), ``None`` where it does not; raises `UpstreamError`."""
    head = _Head()
    await requests.request(
        url,
        receiver=_Gate(upstream, 200, head),
        kind="file",
        method="HEAD",
        headers={"Accept": "*/*", "Accept-Encoding": "identity"},
        allow_http_downgrade=hashed,
    )
    return head.size


class _Head:
    def __init__(self) -> None:
        self.size: int | None = None

    def started(self, response: ResponseHead) -> None:
        self.size = None if response.encoded else response.content_length

    def write(self, data: bytes) -> None:
        """A HEAD has no body."""


def status_error(upstream: str, status: int) -> UpstreamStatus:
    """The error for a status that is no file."""
    return UpstreamStatus(upstream, status, f"{answered(status)} for a file that it lists")
