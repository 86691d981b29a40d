"""One line for each request: who, what, how it was answered, from where, how many bytes, how long."""

from __future__ import annotations

import json
import logging
import time
from typing import Literal

import tornado.web

from pyproxy.handlers.base import BaseHandler

log = logging.getLogger("pyproxy.access")

TEXT_LIMIT = 300
"""Characters of what a client sent that go into a line; the longest right address of a file is not longer."""

LogFormat = Literal["text", "json"]


class AccessLog:
    """Tornado's ``log_function``: writes the line when a request has ended."""

    def __init__(self, format: LogFormat) -> None:
        self._format = format

    def __call__(self, handler: tornado.web.RequestHandler) -> None:
        if not log.isEnabledFor(logging.INFO) or not isinstance(handler, BaseHandler):
            return
        request = handler.request
        milliseconds = 1000 * request.request_time()
        fields = {
            "client": handler.client,
            "method": request.method,
            "path": _shortened(request.path),
            "subject": handler.subject,
            "status": handler.get_status(),
            "outcome": handler.outcome,
            "upstream": handler.upstream,
            "bytes": handler.bytes_sent,
            "ms": round(milliseconds, 1),
            "agent": _shortened(request.headers.get("User-Agent", "-").partition(" ")[0]),
        }
        if self._format == "json":
            log.info("%s", json.dumps({"time": _utc(time.time()), "logger": log.name, **fields}))
        else:
            log.info(
                "%(client)s %(method)s %(path)s %(status)d %(outcome)s %(upstream)s %(bytes)d %(ms).1fms "
                "%(subject)s %(agent)s",
                {key: _one_word(value) if isinstance(value, str) else value for key, value in fields.items()},
            )


def _shortened(value: str) -> str:
    return value if len(value) <= TEXT_LIMIT else value[:TEXT_LIMIT] + "..."


def _one_word(value: str) -> str:
    """No client may forge a line or a column: spaces and control characters are escaped."""
    if value and value.isprintable() and " " not in value:
        return value
    return "".join(character if character.isprintable() and character != " " else "_" for character in value) or "-"


def _utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
