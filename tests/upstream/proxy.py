"""An outbound HTTP proxy on loopback, for tests: forwards http requests and tunnels https (CONNECT)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from urllib.parse import urlsplit

from tests.upstream.exchange import Recorded


class ProxyServer:
    """``requests`` lists what it was asked, CONNECTs included; with ``userinfo`` (``user:password``) it wants Basic.

    ``hosts`` maps names that only the proxy can resolve.
    """

    def __init__(self) -> None:
        self.requests: list[Recorded] = []
        self.userinfo: str | None = None
        self.hosts: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.url = ""

    @classmethod
    async def start(cls) -> ProxyServer:
        """A proxy that listens on 127.0.0.1."""
        proxy = cls()
        proxy._server = await asyncio.start_server(proxy._accept, "127.0.0.1", 0)
        proxy.url = f"http://127.0.0.1:{proxy._server.sockets[0].getsockname()[1]}"
        return proxy

    async def stop(self) -> None:
        """No listener and no tunnel any more."""
        assert self._server is not None
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            start, *lines = head.rstrip("\r\n").split("\r\n")
            method, target, _ = start.split(" ")
            pairs = [line.partition(":") for line in lines]
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            self.requests.append(Recorded(method, target, headers, len(self.requests)))
            if not self._admits(headers):
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
                return
            address = urlsplit(target if "://" in target else f"//{target}")
            host = self.hosts.get(address.hostname or "", address.hostname)
            up_reader, up_writer = await asyncio.open_connection(host, address.port or 80)
            with contextlib.closing(up_writer):
                if method == "CONNECT":
                    writer.write(b"HTTP/1.1 200 Connection established\r\nX-From: the proxy\r\n\r\n")
                else:
                    path = address.path + (f"?{address.query}" if address.query else "")
                    kept = [line for line in lines if not line.lower().startswith("proxy-")]
                    up_writer.write("\r\n".join([f"{method} {path} HTTP/1.1", *kept, "", ""]).encode("latin-1"))
                await asyncio.gather(_pump(reader, up_writer), _pump(up_reader, writer))

    def _admits(self, headers: dict[str, str]) -> bool:
        if self.userinfo is None:
            return True
        wanted = "Basic " + base64.b64encode(self.userinfo.encode()).decode()
        return headers.get("proxy-authorization") == wanted


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.close()
