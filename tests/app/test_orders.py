"""What the two sides make of each other's lines, also where they are of different versions."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict
from typing import Any

import pytest

from pyproxy.app.orders import VARIABLE, Order, Report, Supervised, line_of, report_of
from pyproxy.errors import WorkersFailed


def order(**changes: Any) -> Order:
    values: dict[str, Any] = {"number": 3, "occasion": "more", "speaks": False, "name": "pyproxy-0", "process": 7}
    values |= {"started_at": 1.5, "sockets": (), "lock": os.open("/dev/null", os.O_RDONLY), "held": {"a": "8080"}}
    return Order(**{**values, "path": "pyproxy.yaml", "text": "# nothing\n", **changes})


def received(line: bytes) -> tuple[Supervised | None, socket.socket]:
    """What a worker makes of a line, and its supervisor's end."""
    ours, its = socket.socketpair()
    ours.sendall(line)
    environ = {VARIABLE: str(its.detach())}
    try:
        return Supervised.of(environ), ours
    except WorkersFailed:
        ours.close()
        raise
    finally:
        assert VARIABLE not in environ


def test_an_order_arrives_as_it_was_given_and_is_no_affair_of_the_workers_children() -> None:
    given = order()
    os.set_inheritable(given.lock, True)
    supervised, ours = received(line_of(given))
    with ours:
        assert supervised is not None
        assert supervised.order == given
        assert supervised.order.file is not None
        assert supervised.order.file.text == "# nothing\n"
        assert not os.get_inheritable(given.lock)
        supervised.control.close()
    os.close(given.lock)


def test_what_a_newer_supervisor_says_besides_is_passed_over() -> None:
    given = order()
    supervised, ours = received(json.dumps({**asdict(given), "mood": "good"}).encode() + b"\n")
    with ours:
        assert supervised is not None
        assert supervised.order == given
        supervised.control.close()
    os.close(given.lock)


@pytest.mark.parametrize("line", [b"{}\n", b"[]\n", b"no JSON\n", b'{"number": 1}\n'])
def test_an_order_that_cannot_be_followed_asks_for_a_restart(line: bytes) -> None:
    with pytest.raises(WorkersFailed, match="restart it"):
        received(line)


def test_a_process_without_an_order_is_no_worker() -> None:
    assert Supervised.of({}) is None
    assert Supervised.of({VARIABLE: "what"}) is None
    assert Supervised.of({VARIABLE: "999999"}) is None


def test_reports_are_read_and_what_is_none_is_a_failure() -> None:
    report = Report(workers=4, log_level="debug", log_format="json")
    assert report_of(line_of(report)) == report
    assert report_of(b'{"workers": 2, "mood": "good"}') == Report(workers=2)
    for line in (b"", b"[1]", b"what"):
        assert "restart the server" in (report_of(line).failure or "")
