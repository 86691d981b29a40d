"""Project pages of one upstream: the conditional question, and what each kind of answer means.

The body is not looked at here: whether it is a project page is for ``simple.parse`` to say.
"""

from __future__ import annotations

import asyncio
import email.utils
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import quote

from pyproxy.errors import (
    BrokenOff,
    ConnectionBroken,
    UpstreamError,
    UpstreamInvalidResponse,
    UpstreamStatus,
    UpstreamTimeout,
)
from pyproxy.net.connection import UpstreamConnection
from pyproxy.net.response import ResponseHead, answered
from pyproxy.net.second_hand import explained, is_second_hand

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
"""PEP 691, "Recommendations": JSON first; an index that knows none of it answers with HTML."""

UNWANTED_BYTES = 256 << 10
"""How much of an error's body is read."""

WHOLE_PAGE_SECONDS = 300.0
"""A page that still trickles after this is given up; the stall timeout alone would let it go on for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedPage:
    """A 200. ``body`` is decoded; ``url`` is the one that links are relative to; ``serial`` as the upstream sent it.

    ``second_hand``: the upstream is a pyproxy, and says that its answer is stale or degraded.
    """

    body: bytes = field(repr=False)
    content_type: str | None
    etag: str | None
    last_modified: str | None
    url: str
    serial: str | None
    second_hand: bool = False


@dataclass(frozen=True, slots=True)
class NotModified:
    """A 304: what we hold is current. ``etag`` is the validator to use from now on, if the answer named one.

    ``second_hand`` as in `FetchedPage`.
    """

    etag: str | None
    second_hand: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """A 404 or 410: no such project here."""

    status: int


class PageFetcher:
    """Asks ``index_url`` (ending in ``/``) for projects. ``max_page_size`` bounds a page's decoded bytes.

    ``clock`` (unix seconds) is for the dates in ``Retry-After``.
    """

    def __init__(
        self,
        connection: UpstreamConnection,
        index_url: str,
        upstream_name: str,
        *,
        max_page_size: int,
        clock: Callable[[], float],
    ) -> None:
        self._connection = connection
        self._index_url = index_url
        self._upstream = upstream_name
        self._max_page_size = max_page_size
        self._clock = clock

    @property
    def certificate_ends(self) -> float | None:
        """Until when the certificate is valid that the upstream showed last (unix seconds), if it showed one."""
        return self._connection.certificate.ends

    async def fetch(
        self, project: str, *, etag: str | None, last_modified: str | None, page_timeout: float
    ) -> FetchedPage | NotModified | Missing:
        """The project's page, as far as it differs from what ``etag`` or ``last_modified`` stand for.

        The answer must begin within ``page_timeout`` seconds; then the stall timeout counts. A broken connection or a
        5xx (unless it says ``Retry-After``) is tried once more. Raises UpstreamError; UpstreamStatus for a status
        that decides nothing.
        """
        url = f"{self._index_url}{quote(project)}/"
        return await self.fetch_url(url, ACCEPT, etag=etag, last_modified=last_modified, page_timeout=page_timeout)

    async def fetch_url(
        self, url: str, accept: str, *, etag: str | None, last_modified: str | None, page_timeout: float
    ) -> FetchedPage | NotModified | Missing:
        """The same for any document of the upstream about a project."""
        loop = asyncio.get_running_loop()
        headers = {"Accept": accept}
        if etag is not None:
            headers["If-None-Match"] = etag
        if last_modified is not None:
            headers["If-Modified-Since"] = last_modified
        deadline = loop.time() + page_timeout
        try:
            async with asyncio.timeout(max(WHOLE_PAGE_SECONDS, page_timeout)):
                try:
                    return await self._ask(url, headers, page_timeout)
                except UpstreamError as error:
                    if not _may_help_again(error):
                        raise
                    return await self._ask(url, headers, deadline - loop.time())
        except TimeoutError as error:
            reason = f"did not send its whole page within {WHOLE_PAGE_SECONDS:g} s, a fixed limit"
            raise UpstreamTimeout(self._upstream, reason) from error

    async def _ask(self, url: str, headers: dict[str, str], timeout: float) -> FetchedPage | NotModified | Missing:
        page = _PageReceiver(self._upstream, self._max_page_size)
        try:
            head = await self._connection.request(
                url,
                headers=headers,
                receiver=page,
                kind="page",
                first_byte_timeout=timeout,
                first_byte_limit="cache.lookup_timeout",
            )
        except _EnoughSeen as enough:
            head = enough.head
        if head.status == 200:
            return FetchedPage(
                body=bytes(page.body),
                content_type=head.headers.get("content-type"),
                etag=head.headers.get("etag"),
                last_modified=head.headers.get("last-modified"),
                url=head.url,
                serial=head.headers.get("x-pypi-last-serial"),
                second_hand=is_second_hand(head),
            )
        if head.status == 304 and ("If-None-Match" in headers or "If-Modified-Since" in headers):
            return NotModified(head.headers.get("etag"), is_second_hand(head))
        if head.status in (404, 410):
            return Missing(head.status)
        retry_after = parse_retry_after(head.headers.get("retry-after"), self._clock())
        reason = self._reason(head.status) + explained(head, page.body)
        raise UpstreamStatus(self._upstream, head.status, reason, retry_after)

    def _reason(self, status: int) -> str:
        settings = self._connection.settings
        reason = answered(status)
        if status == 401:
            given = settings.username is not None or settings.token is not None
            advice = "check its username and password or token" if given else "set its username and password or token"
            return f"{reason}: {advice}"
        if status == 403:
            return f"{reason}: check whether its account may read the index"
        if status == 407:
            return f"{reason}: check the user name and password in http_proxy"
        return reason


class _EnoughSeen(Exception):
    """Ends the transfer of a body that is not wanted."""

    def __init__(self, head: ResponseHead) -> None:
        super().__init__(head.status)
        self.head = head


class _PageReceiver:
    """Collects a 200's body, up to a limit; of others only so much is read that the connection can be kept."""

    def __init__(self, upstream: str, limit: int) -> None:
        self.body = bytearray()
        self._upstream = upstream
        self._limit = limit
        self._unwanted: ResponseHead | None = None

    def started(self, response: ResponseHead) -> None:
        if response.status != 200:
            self._unwanted = response
            self._limit = UNWANTED_BYTES
        elif response.content_length is not None and response.content_length > self._limit:
            raise self._too_large()

    def write(self, data: bytes) -> None:
        if len(self.body) + len(data) > self._limit:
            raise self._too_large() if self._unwanted is None else _EnoughSeen(self._unwanted)
        self.body += data

    def _too_large(self) -> UpstreamInvalidResponse:
        return UpstreamInvalidResponse(
            self._upstream, f"sent a page of more than {self._limit} bytes (cache.max_page_size)"
        )


def _may_help_again(error: UpstreamError) -> bool:
    if isinstance(error, UpstreamStatus):
        return error.status >= 500 and error.status != HTTPStatus.LOOP_DETECTED and error.retry_after is None
    return isinstance(error, ConnectionBroken | BrokenOff)


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Seconds from a ``Retry-After``: a number of them, or an HTTP date (RFC 9110 section 10.2.3).

    ``now`` is in unix seconds. ``None`` for no header and for nonsense.
    """
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return None
