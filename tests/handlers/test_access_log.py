"""Lines of the access log: gathered for a moment, never lost, never forged."""

from __future__ import annotations

import asyncio
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


async def test_lines_of_one_round_of_the_loop_are_written_together(written: Written) -> None:
    access_log = AccessLog("text")
    access_log.write(Ended())
    access_log.write(Ended(status=304, sent=0))
    assert written.texts == []
    await asyncio.sleep(0)
    assert [text.split("\n") for text in written.texts] == [[LINE, LINE.replace("200", "304").replace("307", "0")]]
    access_log.write(Ended())
    await asyncio.sleep(0)
    assert written.texts[1:] == [LINE]


@pytest.mark.parametrize("format", ["text", "json"])
async def test_what_goes_out_at_once_stays_whole_in_a_pipe_that_others_write_to(
    format: LogFormat, written: Written
) -> None:
    """A pipe takes up to 4 KiB in one piece (POSIX's PIPE_BUF, as Linux has it)."""
    access_log = AccessLog(format)
    for _ in range(1000):
        access_log.write(Ended(path=f"/files/demo/{'x' * 1000}", subject="y" * 255))
    await asyncio.sleep(0)
    texts = written.texts
    assert sum(text.count("\n") + 1 for text in texts) == 1000
    assert RECORD_LIMIT < max(map(len, texts)) < 4096 - 100


async def test_nothing_is_gathered_that_nobody_wants(written: Written) -> None:
    logging.getLogger("pyproxy.access").setLevel(logging.WARNING)
    AccessLog("text").write(Ended())
    await asyncio.sleep(0)
    assert written.texts == []


def test_a_line_is_not_lost_when_the_loop_ends(written: Written) -> None:
    async def write() -> None:
        AccessLog("text").write(Ended())

    loop = asyncio.new_event_loop()
    loop.run_until_complete(write())
    loop.run_until_complete(loop.shutdown_asyncgens())  # as ``asyncio.run`` does
    loop.close()
    assert written.texts == [LINE]


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
async def test_a_line_has_its_columns_whatever_a_client_sends(ended: Ended, written: Written) -> None:
    AccessLog("text").write(ended)
    AccessLog("json").write(ended)
    await asyncio.sleep(0)
    text, line = written.texts
    assert text.isprintable()
    assert len(text.split(" ")) == 10
    assert all(text.split(" "))
    assert len(text) < 1000
    assert line.isprintable()
    assert json.loads(line)["status"] == 200
