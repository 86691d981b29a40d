"""A scripted upstream: a real index server on loopback, in the test's own loop, that misbehaves on demand.

::

    server = await UpstreamServer.start()
    server.add_file("demo", "demo-1.0-py3-none-any.whl", content)
    server.behave("/simple/", Status(503), times=2)      # twice, then as before
    server.behave("/packages/demo/", Stall(1000))        # until clear_behaviours()
    …
    assert server.count("/simple/demo/") == 1
    await server.stop()

Pages are at ``/simple/<project>/``, files at ``/packages/<project>/<filename>`` and their metadata beside them; pages
link them absolutely. A page is JSON where the request accepts it (``html_only = True``: never), with ETag and 304.

Switches, all plain attributes: ``html_only``, ``no_etag``, ``no_ranges``, ``no_suffix_ranges``, ``gzip_pages``,
``username`` and ``password`` (Basic is wanted), ``bearer``, ``serial`` (``X-PyPI-Last-Serial``).

Behaviours (``tests/upstream/behaviours.py``): ``Normal Status Hold Silence Stall Reset Truncate Chunked NoLength
Append Corrupt Empty Portal GzipAll Mislabel Redirect Throttle Endless Raw``. The longest matching prefix decides. For
one prefix, behaviours with ``times`` are used up in their order, then the newest one without ``times`` stands.

``pause`` makes every long body wait at one place for an event, whatever else happens to it.

Below HTTP: ``closed_port()``, ``SilentListener`` and ``BlackHole`` (``tests/upstream/listeners.py``); certificates:
``tests/upstream/certificates.py``; an outbound proxy: ``tests/upstream/proxy.py``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections import deque
from typing import Any

from tornado.iostream import IOStream, StreamClosedError
from tornado.netutil import bind_sockets
from tornado.tcpserver import TCPServer

from tests.upstream.behaviours import (
    Append,
    Behaviour,
    Chunked,
    Corrupt,
    Empty,
    Endless,
    GzipAll,
    Hold,
    Mislabel,
    NoLength,
    Normal,
    Portal,
    Raw,
    Redirect,
    Reset,
    Silence,
    Stall,
    Status,
    Throttle,
    Truncate,
)
from tests.upstream.exchange import Exchange, Pause, Recorded
from tests.upstream.listeners import BlackHole, SilentListener, closed_port
from tests.upstream.site import FILES, Site

__all__ = [
    "Append",
    "Behaviour",
    "BlackHole",
    "Chunked",
    "Corrupt",
    "Empty",
    "Endless",
    "GzipAll",
    "Hold",
    "Mislabel",
    "NoLength",
    "Normal",
    "Pause",
    "Portal",
    "Raw",
    "Recorded",
    "Redirect",
    "Reset",
    "Silence",
    "SilentListener",
    "Stall",
    "Status",
    "Throttle",
    "Truncate",
    "UpstreamServer",
    "closed_port",
]


class _Listener(TCPServer):
    """Hands each connection to the server as a task of its own, which ``stop`` can end."""

    def __init__(self, server: UpstreamServer, tls: ssl.SSLContext | None) -> None:
        super().__init__(ssl_options=tls)
        self._server = server
        self.streams: set[IOStream] = set()
        self.tasks: set[asyncio.Task[None]] = set()

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        task = asyncio.ensure_future(self._server._serve_connection(stream))
        self.streams.add(stream)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(lambda _: self.streams.discard(stream))


class UpstreamServer(Site):
    """See the module's docstring. ``requests`` lists every request in the order of arrival."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        super().__init__()
        self._tls = tls
        self._listener: _Listener | None = None
        self._port = 0
        self._behaviours: dict[str, tuple[deque[Behaviour], Behaviour | None]] = {}
        self._arrived = asyncio.Condition()
        self.requests: list[Recorded] = []
        self.pause: Pause | None = None
        self.connections = 0

    @classmethod
    async def start(cls, tls: ssl.SSLContext | None = None, *, port: int = 0) -> UpstreamServer:
        """A server that listens on 127.0.0.1."""
        server = cls(tls)
        server._port = port
        await server.restart()
        return server

    async def stop(self) -> None:
        """No listener and no connection any more; also right for a stopped server."""
        if self._listener is None:
            return
        listener, self._listener = self._listener, None
        listener.stop()
        for stream in tuple(listener.streams):
            stream.close()
        for task in tuple(listener.tasks):
            task.cancel()
        await asyncio.gather(*listener.tasks, return_exceptions=True)

    async def restart(self, tls: ssl.SSLContext | None = None) -> None:
        """Listen again, on the same port as before; ``tls`` replaces the certificate."""
        await self.stop()
        self._tls = tls or self._tls
        self._listener = _Listener(self, self._tls)
        sockets = bind_sockets(self._port, "127.0.0.1", socket.AF_INET)
        self._port = sockets[0].getsockname()[1]
        self._listener.add_sockets(sockets)
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        """The port, also while stopped."""
        return self._port

    @property
    def index_url(self) -> str:
        """The address of the index, with its final slash."""
        return f"{self.url}/simple/"

    def file_path(self, project: str, filename: str) -> str:
        """Where a file is, as ``behave`` and ``count`` want it."""
        return f"{FILES}{project}/{filename}"

    def add_file(
        self,
        project: str,
        filename: str,
        content: bytes,
        *,
        sha256: bool | str = True,
        md5: bool = False,
        size: bool = True,
        metadata: bytes | None = None,
        requires_python: str | None = None,
        yanked: bool | str = False,
        upload_time: str | None = None,
        url: str | None = None,
    ) -> None:
        """Add or replace a file. ``sha256`` as text is listed instead of the true one; ``url`` is linked instead."""
        options = {
            "sha256": sha256,
            "md5": md5,
            "size": size,
            "metadata": metadata,
            "requires_python": requires_python,
            "yanked": yanked,
            "upload_time": upload_time,
            "url": url,
        }
        self.projects.setdefault(project, {})[filename] = self.file(filename, content, project, options)

    def set_page(self, project: str, body: bytes, content_type: str) -> None:
        """This very page, whatever files there are."""
        self.pages[project] = (body, content_type)

    def set_list(self, body: bytes, content_type: str) -> None:
        """This very list of projects, whatever projects there are."""
        self.listing = (body, content_type)

    def set_json(self, name: str, document: object, content_type: str = "application/json") -> None:
        """What ``/pypi/<name>/json`` answers: ``demo`` for a project, ``demo/1.0`` for a release."""
        self.json_documents[name] = (json.dumps(document).encode(), content_type)

    def remove(self, project: str) -> None:
        """No such project any more (404)."""
        self.projects.pop(project, None)
        self.pages.pop(project, None)

    def behave(self, path_or_prefix: str, behaviour: Behaviour, times: int | None = None) -> None:
        """Answer requests below the prefix so; ``times``: for that many requests only."""
        queue, standing = self._behaviours.get(path_or_prefix, (deque(), None))
        if times is None:
            standing = behaviour
        else:
            queue.extend([behaviour] * times)
        self._behaviours[path_or_prefix] = (queue, standing)

    def clear_behaviours(self) -> None:
        """All well again; what is under way goes on as it began."""
        self._behaviours.clear()

    def count(self, path_prefix: str, method: str | None = None) -> int:
        """How many requests came for paths below the prefix."""
        return sum(r.path.startswith(path_prefix) and method in (None, r.method) for r in self.requests)

    async def requested(self, path_prefix: str, times: int = 1) -> None:
        """Wait until so many requests for paths below the prefix have arrived, in all."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: self.count(path_prefix) >= times)

    def _behaviour(self, path: str) -> Behaviour:
        for prefix in sorted(self._behaviours, key=len, reverse=True):
            queue, standing = self._behaviours[prefix]
            if not path.startswith(prefix):
                continue
            if queue:
                return queue.popleft()
            if standing is not None:
                return standing
        return Normal()

    async def _serve_connection(self, stream: IOStream) -> None:
        self.connections += 1
        number, closed = self.connections, asyncio.Event()
        stream.set_close_callback(closed.set)
        stream.set_nodelay(True)  # else the body of a small answer waits 40 ms for the acknowledgement of its head
        # Resets and hang-ups by the client are the daily bread of these tests.
        with contextlib.suppress(StreamClosedError, OSError), contextlib.closing(stream):
            while True:
                request = _parse(await stream.read_until(b"\r\n\r\n", max_bytes=1 << 16), number)
                await stream.read_bytes(int(request.headers.get("content-length", 0)))
                async with self._arrived:
                    self.requests.append(request)
                    self._arrived.notify_all()
                exchange = Exchange(request, self.answer(request), stream, closed, self.pause)
                await self._behaviour(request.path).serve(exchange)
                if not exchange.keep_alive:
                    return


def _parse(head: bytes, connection: int) -> Recorded:
    start, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, _version = start.split(" ")
    if "://" in path:  # as a proxy may ask (RFC 9112 section 3.2.2)
        path = "/" + path.split("/", 3)[3]
    pairs = (line.partition(":") for line in lines)
    return Recorded(method, path, {name.strip().lower(): value.strip() for name, _, value in pairs}, connection)
