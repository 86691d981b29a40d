"""A name look-up that hangs, and how it is left alone (``net.client``)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

LOOK_UP = """
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
    print("blocked" if taken > 1 else "at once", *closing)
    sys.stdout.flush()

asyncio.run(main())
"""


def test_a_name_look_up_is_abandoned_at_once_and_only_closing_waits_for_it(tmp_path: Path) -> None:
    """In a mount namespace of its own, where the name server is a socket that never answers.

    The second word says that the multi handle is still being closed, in its thread, when ``close`` has returned.
    """
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare(1) to have a name server of its own")
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", 53))
        except OSError:
            pytest.skip("port 53 is taken")
    script = f'mount --bind {tmp_path}/resolv.conf /etc/resolv.conf && exec {sys.executable} -c "$0"'
    root = Path(__file__).parents[2]
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, LOOK_UP], cwd=root, capture_output=True, text=True, timeout=50
    )
    if "mount" in done.stderr:
        pytest.skip("no mount namespace to be had here")
    assert done.stdout.split() == ["at", "once", "curl-close"], done.stderr
