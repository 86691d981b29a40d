"""The list of all projects of one upstream: asked for conditionally, and handed on as it comes.

The public index's list has tens of megabytes, so it is never held in memory here, and what is no answer to the
question is an error: an upstream without a list is one that cannot be listed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from pyproxy.errors import UpstreamInvalidResponse, UpstreamStatus, UpstreamTimeout
from pyproxy.net.connection import UpstreamConnection
from pyproxy.net.fetcher import ACCEPT, NotModified, parse_retry_after
from pyproxy.net.response import ResponseHead, answered

FIRST_BYTE_SECONDS = 30.0
"""Some indexes make their list anew for each question."""

WHOLE_LIST_SECONDS = 600.0
"""A list that still trickles after this is given up."""


@dataclass(frozen=True, slots=True)
class FetchedList:
    """A 200 whose body (``size`` decoded bytes) has been handed on."""

    size: int
    etag: str | None
    last_modified: str | None


class ListFetcher:
    """Asks ``index_url`` (ending in ``/``) for its list. ``max_size`` bounds the decoded bytes.

    ``clock`` (unix seconds) is for the dates in ``Retry-After``.
    """

    def __init__(
        self, connection: UpstreamConnection, index_url: str, *, max_size: int, clock: Callable[[], float]
    ) -> None:
        self._connection = connection
        self._index_url = index_url
        self._max_size = max_size
        self._clock = clock

    async def fetch(
        self, take: Callable[[bytes], None], *, etag: str | None, last_modified: str | None
    ) -> FetchedList | NotModified:
        """The list, as far as it differs from what ``etag`` or ``last_modified`` stand for.

        Each decoded piece of a 200's body is given to ``take``, which must be quick; what it raises ends the transfer
        and comes out of here. Raises `UpstreamError`, `UpstreamStatus` for every other answer.
        """
        name = self._connection.settings.name
        headers = {"Accept": ACCEPT}
        if etag is not None:
            headers["If-None-Match"] = etag
        if last_modified is not None:
            headers["If-Modified-Since"] = last_modified
        receiver = _ListReceiver(name, self._max_size, take)
        try:
            async with asyncio.timeout(WHOLE_LIST_SECONDS):
                head = await self._connection.request(
                    self._index_url,
                    headers=headers,
                    receiver=receiver,
                    kind="page",
                    first_byte_timeout=FIRST_BYTE_SECONDS,
                    first_byte_limit="a fixed limit",
                )
        except TimeoutError as error:
            late = f"did not send its whole list within {WHOLE_LIST_SECONDS:g} s, a fixed limit"
            raise UpstreamTimeout(name, late) from error
        if head.status == 200:
            return FetchedList(receiver.size, head.headers.get("etag"), head.headers.get("last-modified"))
        if head.status == 304 and len(headers) > 1:
            return NotModified(head.headers.get("etag"))
        retry_after = parse_retry_after(head.headers.get("retry-after"), self._clock())
        reason = f"{answered(head.status)} when asked for its list of projects"
        raise UpstreamStatus(name, head.status, reason, retry_after)


class _ListReceiver:
    """Hands the body of a 200 on, up to a limit; what else comes is counted and dropped."""

    def __init__(self, upstream: str, limit: int, take: Callable[[bytes], None]) -> None:
        self.size = 0
        self._upstream = upstream
        self._limit = limit
        self._take = take
        self._wanted = False

    def started(self, response: ResponseHead) -> None:
        self._wanted = response.status == 200

    def write(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._limit:
            reason = f"sent a list of more than {self._limit} bytes (cache.max_page_size)"
            raise UpstreamInvalidResponse(self._upstream, reason)
        if self._wanted:
            self._take(data)
