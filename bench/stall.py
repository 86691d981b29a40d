"""A process of its own that watches how long a server's event loop does not turn.

``python stall.py PORT`` asks for ``/healthz`` every 5 ms over one kept connection, until its standard input is
closed, and then prints the longest time that an answer took, in milliseconds.
"""

from __future__ import annotations

import select
import socket
import sys
import time

EVERY_SECONDS = 0.005
LONGEST_RUN_SECONDS = 300.0


def watch(port: int) -> float:
    """The longest answer, in seconds."""
    longest = 0.0
    request = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    deadline = time.monotonic() + LONGEST_RUN_SECONDS
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        print("watching", flush=True)
        while time.monotonic() < deadline:
            began = time.monotonic()
            connection.sendall(request)
            # The answer is far smaller than one segment: one piece is all of it.
            if not connection.recv(65536).startswith(b"HTTP/1.1 200 "):
                raise SystemExit("no 200 from /healthz")
            longest = max(longest, time.monotonic() - began)
            if select.select([sys.stdin], [], [], EVERY_SECONDS)[0]:
                break
    return longest


if __name__ == "__main__":
    print(f"{1000 * watch(int(sys.argv[1])):.3f}")
