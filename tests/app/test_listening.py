"""The sockets that a server listens on, before a worker takes anything from them."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import pytest

from pyproxy.app.listening import bind
from pyproxy.config.model import ServerConfig

CROWD = 500


def test_a_crowd_that_comes_at_once_has_place_to_wait() -> None:
    """Else the system lets it try again, a second later and then later still."""
    if int(Path("/proc/sys/net/core/somaxconn").read_text()) < CROWD:
        pytest.skip("this system has no place for so many")
    [listener] = bind(ServerConfig(port=0))
    with listener, contextlib.ExitStack() as crowd:
        for _ in range(CROWD):
            crowd.enter_context(socket.create_connection(listener.getsockname(), timeout=10))
