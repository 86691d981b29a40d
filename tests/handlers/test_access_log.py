"""Lines of the access log: whole, and never forged."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pyproxy.handlers.access_log import RECORD_LIMIT, AccessLog, LogFormat


@dataclass(frozen=True)
class Ended:
    """A `LoggedRequest`."""

    path: str = "/simple/demo/"
    subject: str = "demo"
    agent: str = "pip/26.3 {}"
    client: str = "192.0.2.1"
    method: str = "GET"
    route: str = "page"
    outcome: str = "hit"
    status: int = 200
    sent: int = 307
    project: str = "demo"
    filename: str = ""
    seconds: float = 0.00123
    upstream: str = "pypi"


LINE = "192.0.2.1 GET /simple/demo/ 200 hit pypi 307 1.2ms demo pip/26.3"


@dataclass(frozen=True)
class Written:
    """What was handed to ``logging`` so far."""

    caplog: pytest.LogCaptureFixture

    @property
    def texts(self) -> list[str]:
        return [record.getMessage() for record in self.caplog.records]


@pytest.fixture
def written(caplog: pytest.LogCaptureFixture) -> Iterator[Written]:
    with caplog.at_level(logging.INFO, "pyproxy.access"):
        yield Written(caplog)


def test_lines_that_come_together_are_written_together(written: Written) -> None:
    AccessLog("text").write([Ended(), Ended(status=304, sent=0)])
    AccessLog("text").write([Ended()])
    assert written.texts == ["\n".join([LINE, LINE.replace("200", "304").replace("307", "0")]), LINE]


@pytest.mark.parametrize("format", ["text", "json"])
def test_what_goes_out_at_once_stays_whole_in_a_pipe_that_others_write_to(format: LogFormat, written: Written) -> None:
    """A pipe takes up to 4 KiB in one piece (POSIX's PIPE_BUF, as Linux has it)."""
    AccessLog(format).write([Ended(path=f"/files/demo/{'x' * 1000}", subject="y" * 255)] * 1000)
    assert sum(text.count("\n") + 1 for text in written.texts) == 1000
    assert RECORD_LIMIT < max(map(len, written.texts)) < 4096 - 100


def test_nothing_is_written_that_nobody_wants(written: Written) -> None:
    logging.getLogger("pyproxy.access").setLevel(logging.WARNING)
    AccessLog("text").write([Ended()])
    assert written.texts == []


@pytest.mark.parametrize(
    "ended",
    [
        Ended(subject="demo\n192.0.2.1"),
        Ended(path="/a b"),
        Ended(agent="\x85evil\xa0x"),
        Ended(agent=""),
        Ended(subject=""),
        Ended(path="/\u2028"),
        Ended(path="/" + "x" * 30_000),
    ],
)
def test_a_line_has_its_columns_whatever_a_client_sends(ended: Ended, written: Written) -> None:
    AccessLog("text").write([ended])
    AccessLog("json").write([ended])
    text, line = written.texts
    assert text.isprintable()
    assert len(text.split(" ")) == 10
    assert all(text.split(" "))
    assert len(text) < 1000
    assert line.isprintable()
    assert json.loads(line)["status"] == 200
