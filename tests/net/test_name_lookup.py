"""A name look-up that hangs, and how it is left alone (``net.client``, ``net.contact``)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

LOOK_UP = """
# The resolver waits for five seconds before it asks again.
import asyncio, socket, sys, threading, time
from tornado.httpclient import HTTPRequest
from pyproxy.net.client import CurlClient

async def main():
    deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    deaf.bind(("127.0.0.1", 53))
    client = CurlClient(force_instance=True, max_clients=4)
    running = client.begin(HTTPRequest("http://slow.example.org/", connect_timeout=60), lambda curl: None)
    await asyncio.get_running_loop().run_in_executor(None, deaf.recv, 1000)  # the look-up is under way
    started = time.monotonic()
    client.abort(running)
    assert client.idle
    client.close()
    taken = time.monotonic() - started
    closing = [thread.name for thread in threading.enumerate() if thread.name == "curl-close"]
    print("blocked" if taken > 4 else "at once", *closing)
    sys.stdout.flush()

asyncio.run(main())
"""


CONTACT = """
import asyncio, contextlib, socket, time
from pyproxy.errors import UpstreamTimeout
from pyproxy.net.contact import Contact
from pyproxy.net.route import Route
from pyproxy.settings import UpstreamSettings

async def walk(timeout):
    url = "http://slow.example.org/"
    route = Route.of(url, UpstreamSettings(name="acme", url=url), {})
    async with contextlib.aclosing(Contact("acme", url, route, connect_timeout_ms=timeout).stages()) as stages:
        return [stage async for stage in stages]

async def main():
    deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    deaf.bind(("127.0.0.1", 53))
    task = asyncio.create_task(walk(60000))
    await asyncio.get_running_loop().run_in_executor(None, deaf.recv, 1000)
    started = time.monotonic()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    print("blocked" if time.monotonic() - started > 4 else "at once")
    try:
        await walk(200)
    except UpstreamTimeout as error:
        print(error.reason)

asyncio.run(main())
"""


def test_a_name_look_up_is_abandoned_at_once_and_only_closing_waits_for_it(tmp_path: Path) -> None:
    """The second word says that the multi handle is still being closed, in its thread, when ``close`` has returned."""
    assert printed_with_a_deaf_name_server(LOOK_UP, tmp_path).split() == ["at", "once", "curl-close"]


def test_a_first_contact_leaves_a_name_look_up_at_once_when_cancelled_or_late(tmp_path: Path) -> None:
    printed = printed_with_a_deaf_name_server(CONTACT, tmp_path)
    assert printed.splitlines() == ["at once", "did not answer within 200 ms (name look-up, connect_timeout_ms)"]


def printed_with_a_deaf_name_server(program: str, directory: Path) -> str:
    """Run a program in a mount namespace of its own, where the name server is a socket that never answers."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare(1) to have a name server of its own")
    (directory / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", 53))
        except OSError:
            pytest.skip("port 53 is taken")
    script = f'mount --bind {directory}/resolv.conf /etc/resolv.conf && exec {sys.executable} -c "$0"'
    root = Path(__file__).parents[2]
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, program], cwd=root, capture_output=True, text=True, timeout=120
    )
    if "mount" in done.stderr:
        pytest.skip("no mount namespace to be had here")
    assert done.returncode == 0, done.stderr
    return done.stdout
