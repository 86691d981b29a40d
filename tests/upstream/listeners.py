"""Ports below HTTP: one that refuses, one that accepts and is silent, one that does not even accept."""

from __future__ import annotations

import contextlib
import socket


def closed_port() -> int:
    """A port of 127.0.0.1 that refuses connections."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class SilentListener:
    """Connections succeed (the kernel accepts them), and nothing is ever read or said; also no TLS handshake."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(128)
        self.port: int = self._socket.getsockname()[1]

    def close(self) -> None:
        """Reset what is connected, and refuse from now on."""
        self._socket.close()


class BlackHole:
    """Connection attempts are neither accepted nor refused: the queue of a tiny backlog is full.

    ``port`` is that of a server that has stopped, or a free one.
    """

    def __init__(self, port: int = 0) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self._socket.listen(0)
        self.port: int = self._socket.getsockname()[1]
        self._fillers: list[socket.socket] = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(("127.0.0.1", self.port))
            self._fillers.append(filler)

    def close(self) -> None:
        """Refuse from now on."""
        for filler in self._fillers:
            filler.close()
        self._socket.close()
