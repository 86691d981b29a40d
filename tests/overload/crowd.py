"""Many clients at once, on the test's own loop; all of them are gone at the end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

from tests.http.proxy import Proxy
from tests.waiting import until


class Client:
    """One kept connection; ``get`` asks on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def get(self, path: str) -> int:
        """Ask, and read the whole answer, which must have a length; its status."""
        self.ask(path)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await self.reader.readexactly(int(length.partition(b":")[2]))
        return int(head.split(b" ", 2)[1])

    def ask(self, path: str) -> None:
        """Ask, and read nothing."""
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: crowd\r\n\r\n".encode())

    async def leave(self) -> None:
        """Close the connection, whatever is under way."""
        self.writer.transport.abort()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


async def connect(proxy: Proxy) -> Client:
    """A client that has connected, and asks for nothing yet; it has little room for what it does not read."""
    sock = socket.socket()
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", proxy.port))
    return Client(*await asyncio.open_connection(sock=sock))


@contextlib.asynccontextmanager
async def crowd(proxy: Proxy, count: int) -> AsyncIterator[list[Client]]:
    """So many clients that the server has taken; they are gone at the end."""
    clients: list[Client] = []
    try:
        while len(clients) < count:
            # Not more at once than wait at the door.
            some = min(100, count - len(clients))
            clients += await asyncio.gather(*(connect(proxy) for _ in range(some)))
        await until(lambda: proxy.server.http.connections >= count)
        yield clients
    finally:
        await asyncio.gather(*(client.leave() for client in clients))
