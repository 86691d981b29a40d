"""What is done when a request has ended: it is counted, recorded, and gets its line in the access log.

That is done for all that end in one round of the event loop, after the last of them: no answer waits for it, and what
is done again and again in a row is done faster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import tornado.web

from pyproxy.admin.history.client_requests import EndedRequest
from pyproxy.handlers.access_log import AccessLog, LoggedRequest
from pyproxy.handlers.base import BaseHandler

Count = Callable[[Sequence[EndedRequest]], None]
"""Counts requests, for monitoring."""

Record = Callable[[EndedRequest], None]
"""Records a request, for the pages of the administrator."""


class RequestEnds:
    """Told of every request, whichever way it was answered; as Tornado's ``log_function`` of those of handlers."""

    def __init__(self, access_log: AccessLog, count: Count, record: Record) -> None:
        self._access_log = access_log
        self._count = count
        self._record = record
        self._ended: list[LoggedRequest] = []

    def __call__(self, handler: tornado.web.RequestHandler) -> None:
        if isinstance(handler, BaseHandler):
            self.ended(_Ended(handler))

    def ended(self, request: LoggedRequest) -> None:
        """This request has ended, but for a slow client that may still be taking the end of it."""
        if not self._ended:
            asyncio.get_running_loop().call_soon(self._tell)
        self._ended.append(request)

    def _tell(self) -> None:
        ended, self._ended = self._ended, []
        self._count(ended)
        for request in ended:
            self._record(request)
        self._access_log.write(ended)


class _Ended:
    """A `LoggedRequest`; what few ask for is looked up when they do."""

    __slots__ = ("_handler", "method", "outcome", "project", "route", "seconds", "sent", "status")

    def __init__(self, handler: BaseHandler) -> None:
        self._handler = handler
        self.route = handler.route
        self.project = handler.project
        self.method = handler.request.method or "-"
        self.outcome = handler.outcome
        self.status = handler.get_status()
        self.sent = handler.bytes_sent
        self.seconds = handler.request.request_time()

    @property
    def filename(self) -> str:
        return self._handler.filename

    @property
    def subject(self) -> str:
        return self._handler.subject

    @property
    def upstream(self) -> str:
        return self._handler.upstream

    @property
    def client(self) -> str:
        return self._handler.client

    @property
    def agent(self) -> str:
        return self._handler.request.headers.get("User-Agent", "")

    @property
    def path(self) -> str:
        return self._handler.request.path
