"""One line for each request: who, what, how it was answered, from where, how many bytes, how long.

Lines are gathered for one round of the event loop, which is milliseconds, and handed to ``logging`` together: a record
for each would cost as much as many an answer does.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
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
    """Writes the line when a request has ended."""

    def __init__(self, format: LogFormat) -> None:
        self._line = _json_line if format == "json" else _text_line
        self._lines: list[str] = []
        self._size = 0

    def write(self, request: LoggedRequest) -> None:
        """The line of this one, if the log's level lets it through; written before the loop's next round."""
        if not log.isEnabledFor(logging.INFO):
            return
        line = self._line(request)
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._flush)
        self._lines.append(line)
        self._size += len(line)
        if self._size > RECORD_LIMIT:
            self._flush()

    def _flush(self) -> None:
        if self._lines:
            lines, self._lines, self._size = self._lines, [], 0
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
