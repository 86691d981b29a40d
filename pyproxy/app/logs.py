"""What the server writes to standard error, as text for people or JSON for machines."""

from __future__ import annotations

import json
import logging
import sys
import time

from pyproxy.config.model import LoggingConfig


class JsonFormatter(logging.Formatter):
    """One JSON object a line; the access log's lines are objects already."""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.name == "pyproxy.access":
            return message
        fields = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields)


class TextFormatter(logging.Formatter):
    """A line for people. A message stays on its line, whatever a client or an upstream put into it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")
        self._second = 0
        self._formatted = ""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - as above
        """Local time with milliseconds; the date is formatted once a second, not once a request."""
        second = int(record.created)
        if second != self._second:
            self._second, self._formatted = second, time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))
        return f"{self._formatted},{int(record.msecs):03d}"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        if record.name == "pyproxy.access":  # a line for each of several requests, safe as they are
            lines = record.message.split("\n")
            return "\n".join(f"{record.asctime} {record.levelname} {line}" for line in lines)
        record.message = printable(record.message)
        return super().formatMessage(record)


def printable(text: str) -> str:
    """The text with control characters written as escapes, so that it can forge no line and steer no terminal."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def set_up(config: LoggingConfig) -> None:
    """Log to standard error, which containers and systemd collect."""
    handler = logging.StreamHandler(sys.stderr)
    if config.format == "json":
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(config.level.upper())
    logging.captureWarnings(True)
    # Nothing here shows them, and looking them up for every line of the access log takes its time.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # Its debug lines show whole URLs, with the signatures that some indexes put into them.
    logging.getLogger("tornado.curl_httpclient").setLevel(logging.INFO)
    # Tornado's own line per request would stand beside ours.
    logging.getLogger("tornado.access").setLevel(logging.ERROR)
