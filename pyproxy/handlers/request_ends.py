"""What is done when a request has ended: it is counted, and gets its line in the access log."""

from __future__ import annotations

from collections.abc import Callable

import tornado.web

from pyproxy.handlers.access_log import AccessLog
from pyproxy.handlers.base import BaseHandler

Count = Callable[[str, str, int, int, float], None]
"""Counts a request: route, outcome, status, bytes of the body sent, seconds."""


class RequestEnds:
    """Tornado's ``log_function``."""

    def __init__(self, access_log: AccessLog, count: Count) -> None:
        self._access_log = access_log
        self._count = count

    def __call__(self, handler: tornado.web.RequestHandler) -> None:
        if isinstance(handler, BaseHandler):
            seconds = handler.request.request_time()
            self._count(handler.route, handler.outcome, handler.get_status(), handler.bytes_sent, seconds)
        self._access_log(handler)
