"""The questions of a test, asked as the server would ask them: same connections, credentials, redirects and limits."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from pyproxy.admin.upstream_test.conditions import Conditions
from pyproxy.errors import ConnectionBroken, UpstreamInvalidResponse, UpstreamTimeout
from pyproxy.net.connection import UpstreamConnection, user_agent
from pyproxy.net.fetcher import ACCEPT
from pyproxy.net.redirects import Kind
from pyproxy.net.response import ResponseHead
from pyproxy.settings import UpstreamSettings

ANSWER_SECONDS = 60.0
"""Within which an answer must be complete, as far as it is wanted."""

OTHER_BYTES = 64 << 10
"""How much of an answer is read that is no 200 or 206."""

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``body`` may be the beginning only; ``url`` is the final one, ``seconds`` the whole time."""

    status: int
    headers: Mapping[str, str]
    url: str
    body: bytes = field(repr=False)
    seconds: float

    @property
    def content_type(self) -> str | None:
        """As it was sent."""
        return self.headers.get("content-type")

    @property
    def text(self) -> str:
        """The body as text; what cannot be decoded is replaced."""
        found = _CHARSET.search(self.content_type or "")
        try:
            return self.body.decode(found[1] if found else "utf-8", "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")


class Asking:
    """Asks one upstream, with its settings as they are given; ``close`` it at the end."""

    def __init__(self, settings: UpstreamSettings, conditions: Conditions) -> None:
        self.settings = settings
        self.conditions = conditions
        agent = user_agent(conditions.contact)
        self._connection = UpstreamConnection(settings, environ=conditions.environ, user_agent=agent)
        self._ends_at = time.monotonic() + conditions.total_seconds

    async def page(self, url: str, *, enough: int | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """A page of the index, or its first ``enough`` bytes. Raises `UpstreamError`; a status is no error."""
        limit = self.conditions.max_page_size if enough is None else enough
        beginning = _Beginning(self.settings.name, limit, cut=enough is not None)
        return await self._ask(url, beginning, "page", {"Accept": ACCEPT, **(headers or {})})

    async def file(self, url: str, *, first: int | None, hashed: bool, limit: int = OTHER_BYTES) -> Answer:
        """The ``first`` bytes of a file by range; ``None``: the whole of it up to ``limit``. Raises `UpstreamError`."""
        headers = {"Accept": "*/*"} | ({} if first is None else {"Range": f"bytes=0-{first - 1}"})
        beginning = _Beginning(self.settings.name, first or limit, cut=True)
        return await self._ask(url, beginning, "file", headers, hashed=hashed)

    def close(self) -> None:
        """Let the connections go."""
        self._connection.close()

    async def _ask(
        self, url: str, beginning: _Beginning, kind: Kind, headers: Mapping[str, str], *, hashed: bool = False
    ) -> Answer:
        """One request, once more after a broken connection, as the server does it."""
        began = time.monotonic()
        try:
            try:
                head = await self._once(url, beginning, kind, headers, hashed)
            except ConnectionBroken:
                head = await self._once(url, beginning.again(), kind, headers, hashed)
        except TimeoutError as error:
            late = f"did not send its whole answer within {time.monotonic() - began:.0f} s, a fixed limit of this test"
            raise UpstreamTimeout(self.settings.name, late) from error
        return Answer(head.status, head.headers, head.url, bytes(beginning.body), time.monotonic() - began)

    async def _once(
        self, url: str, beginning: _Beginning, kind: Kind, headers: Mapping[str, str], hashed: bool
    ) -> ResponseHead:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise UpstreamTimeout(self.settings.name, f"took more than {self.conditions.total_seconds:g} s to test")
        first_byte = self.conditions.page_timeout if kind == "page" else self.settings.stall_timeout_ms / 1000
        async with asyncio.timeout(min(left, ANSWER_SECONDS)):
            try:
                return await self._connection.request(
                    url,
                    headers=headers,
                    receiver=beginning,
                    kind=kind,
                    first_byte_timeout=min(left, first_byte),
                    allow_http_downgrade=hashed,
                )
            except _Enough as enough:
                return enough.head


class _Enough(Exception):
    """Ends a transfer of which no more is wanted."""

    def __init__(self, head: ResponseHead) -> None:
        super().__init__(head.status)
        self.head = head


class _Beginning:
    """A receiver that keeps so many bytes; more of them end the transfer, well (``cut``) or as a failure."""

    def __init__(self, upstream: str, limit: int, *, cut: bool) -> None:
        self.body = bytearray()
        self._upstream = upstream
        self._limit = limit
        self._cut = cut
        self._head: ResponseHead | None = None

    def again(self) -> _Beginning:
        """The same one, empty."""
        self.body.clear()
        return self

    def started(self, response: ResponseHead) -> None:
        self._head = response
        if response.status not in (200, 206):
            self._limit, self._cut = OTHER_BYTES, True

    def write(self, data: bytes) -> None:
        assert self._head is not None
        self.body += data
        if len(self.body) <= self._limit and not (self._cut and len(self.body) == self._limit):
            return
        if not self._cut:
            reason = f"sent a page of more than {self._limit} bytes (cache.max_page_size)"
            raise UpstreamInvalidResponse(self._upstream, reason)
        del self.body[self._limit :]
        if self._head.content_length != self._limit:  # else it ends here by itself, and the connection is kept
            raise _Enough(self._head)
