"""What the server writes: a line is a line, and JSON is all JSON."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from pyproxy.app.logs import JsonFormatter, TextFormatter
from tests.app.command import Command, read_answer
from tests.app.conftest import RunCommand
from tests.distributions import make_wheel
from tests.upstream_server import Status, UpstreamServer

STRANGE = "a\nb\r\x1b[31mred\x00\u2028\x85"


async def send_all_kinds(command: Command, upstream: UpstreamServer) -> None:
    """Requests that succeed, fail, are malformed or broken off."""
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content)
    upstream.behave("/simple/broken/", Status(500))
    for path in ("/simple/demo/", f"/files/demo/{filename}", "/simple/broken/", "/simple/%0a%1b/", "/nothing", "/"):
        await command.get(path, headers="User-Agent: \x85a\r\n")
    for raw in (b"\x1b[31mGARBAGE\r\n\r\n", b"GET / HTTP/9.9\r\nHost: \x1b\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n"):
        reader, writer = await command.connect()
        writer.write(raw)
        await reader.read()
        writer.close()
    reader, writer = await command.connect()
    writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    await reader.read()
    writer.close()
    reader, writer = await command.connect()
    writer.write(b"PATCH / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    await read_answer(reader)
    writer.close()


async def test_at_level_debug_it_shows_no_signature_of_a_link(
    upstream: UpstreamServer, run_command: RunCommand
) -> None:
    """Some indexes put them into their links' queries, and Tornado's own lines show whole addresses (check 64)."""
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content, url=f"{upstream.url}/packages/demo/{filename}?token=signed-for-us")
    command = await run_command(upstream=upstream, PYPROXY_LOGGING__LEVEL="debug").listens()
    assert (await command.get(f"/files/demo/{filename}")).body == content
    assert await command.stop() == 0
    assert upstream.count(f"/packages/demo/{filename}?token=signed-for-us") == 1
    assert " DEBUG " in command.output
    assert "signed-for-us" not in command.output


async def test_the_json_log_is_all_json(upstream: UpstreamServer, run_command: RunCommand) -> None:
    command = await run_command(upstream=upstream, PYPROXY_LOGGING__FORMAT="json").listens()
    await send_all_kinds(command, upstream)
    assert await command.stop() == 0
    lines = [json.loads(line) for line in command.output.splitlines()]
    assert all(line["time"].endswith("Z") and line["logger"] for line in lines)
    access = [line for line in lines if line["logger"] == "pyproxy.access"]
    assert [line["status"] for line in access][:6] == [200, 200, 502, 404, 404, 200]


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_the_text_log_has_one_line_for_each_thing(
    workers: str, upstream: UpstreamServer, run_command: RunCommand
) -> None:
    command = await run_command("--workers", workers, upstream=upstream).listens()
    await send_all_kinds(command, upstream)
    assert await command.stop() == 0
    for line in command.output.split("\n"):
        assert line.isprintable()
        assert not line or line[:4].isdigit()


def record(message: str, error: BaseException | None = None) -> logging.LogRecord:
    exc_info = (type(error), error, None) if error is not None else None
    return logging.LogRecord("pyproxy.x", logging.WARNING, __file__, 1, "%s", (message,), exc_info)


def test_no_message_breaks_its_line_of_text() -> None:
    line = TextFormatter().format(record(STRANGE))
    assert line.isprintable()
    assert line.endswith(r"WARNING a\nb\r\x1b[31mred\x00\u2028\x85")


def test_ordinary_text_is_left_alone() -> None:
    assert TextFormatter().format(record("größer als 5 €")).endswith("WARNING größer als 5 €")


def test_a_defect_keeps_its_traceback() -> None:
    try:
        raise ValueError("oh")
    except ValueError:
        made = logging.LogRecord("pyproxy.x", logging.ERROR, __file__, 1, "failed", None, sys.exc_info())
    assert "Traceback (most recent call last):\n" in TextFormatter().format(made)
    assert "ValueError: oh" in json.loads(JsonFormatter().format(made))["exception"]


def test_json_holds_any_message() -> None:
    line = JsonFormatter().format(record(STRANGE + "\udcff"))
    assert line.isprintable()
    assert json.loads(line)["message"].startswith("a\nb")
    assert json.loads(line)["level"] == "warning"


def test_lines_of_several_requests_that_come_together_stay_lines() -> None:
    made = logging.LogRecord(
        "pyproxy.access", logging.INFO, __file__, 1, "%s", ("1.1.1.1 GET /a\n1.1.1.1 GET /b",), None
    )
    first, second = TextFormatter().format(made).split("\n")
    assert first.endswith(" INFO 1.1.1.1 GET /a")
    assert second == first.removesuffix("a") + "b"
