"""One line for each request: who, what, how it was answered, from where, how many bytes, how long.

Lines that come together are handed to ``logging`` together: a record for each would cost as much as many an answer.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable
from typing import Literal, Protocol

from pyproxy.admin.history.client_requests import EndedRequest

log = logging.getLogger("pyproxy.access")

TEXT_LIMIT = 300
"""Characters of what a client sent that go into a line; the longest right address of a file is not longer."""

RECORD_LIMIT = 2048
"""Characters from which on a record is full: what several processes write to one pipe stays whole up to 4 KiB."""

LogFormat = Literal["text", "json"]


class LoggedRequest(EndedRequest, Protocol):
    """A request that has ended; ``subject`` says what it was about, for people."""

    @property
    def subject(self) -> str: ...


class AccessLog:
    """Writes the lines of requests that have ended."""

    def __init__(self, format: LogFormat) -> None:
        self._line = _json_line if format == "json" else _text_line

    def write(self, requests: Iterable[LoggedRequest]) -> None:
        """Their lines, if the log's level lets them through."""
        if not log.isEnabledFor(logging.INFO):
            return
        lines: list[str] = []
        size = 0
        for request in requests:
            line = self._line(request)
            lines.append(line)
            size += len(line)
            if size > RECORD_LIMIT:
                log.info("%s", "\n".join(lines))
                lines, size = [], 0
        if lines:
            log.info("%s", "\n".join(lines))


def _text_line(request: LoggedRequest) -> str:
    columns = (
        *(request.client, request.method, _shortened(request.path), str(request.status), request.outcome),
        *(request.upstream, str(request.sent), f"{1000 * request.seconds:.1f}ms", request.subject, _agent(request)),
    )
    line = " ".join(columns)
    if line.isprintable() and line.count(" ") == len(columns) - 1 and all(columns):
        return line
    return " ".join(_one_word(column) for column in columns)


def _json_line(request: LoggedRequest) -> str:
    fields = {
        "time": _utc(time.time()),
        "logger": log.name,
        "client": request.client,
        "method": request.method,
        "path": _shortened(request.path),
        "subject": request.subject,
        "status": request.status,
        "outcome": request.outcome,
        "upstream": request.upstream,
        "bytes": request.sent,
        "ms": round(1000 * request.seconds, 1),
        "agent": _agent(request),
    }
    return json.dumps(fields)


def _agent(request: LoggedRequest) -> str:
    return _shortened(request.agent.partition(" ")[0]) or "-"


def _shortened(value: str) -> str:
    return value if len(value) <= TEXT_LIMIT else value[:TEXT_LIMIT] + "..."


def _one_word(value: str) -> str:
    """No client may forge a line or a column: spaces and control characters are escaped."""
    if value and value.isprintable() and " " not in value:
        return value
    return "".join(character if character.isprintable() and character != " " else "_" for character in value) or "-"


def _utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
