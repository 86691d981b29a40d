"""The whole server in the test's own loop, and a client that shows what went over the wire."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from tornado.netutil import bind_sockets

from pyproxy.app.lifecycle import Server
from pyproxy.app.resources import seed_upstreams
from pyproxy.app.tls import KeyPair
from pyproxy.config.model import (
    AccessConfig,
    CacheConfig,
    Config,
    LocalConfig,
    LoggingConfig,
    ServerConfig,
    StorageConfig,
)
from pyproxy.net.health import PAUSES
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.lock import StorageLock

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"


class Clock:
    """Unix time that moves when told to."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """One response; ``broken`` says how the body ended where it did not end well."""

    status: int
    reason: str
    headers: http.client.HTTPMessage
    body: bytes
    broken: str | None = None

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def cache_status(self) -> str | None:
        return self.headers["Cache-Status"]

    @property
    def upstream(self) -> str | None:
        return self.headers["X-Pyproxy-Upstream"]


class Proxy:
    """A running server on loopback."""

    def __init__(self, config: Config, clock: Callable[[], float], environ: Mapping[str, str]) -> None:
        self.config = config
        self.clock = clock
        self.environ = environ
        self.port = 0
        self.rest_pauses: tuple[float, ...] = PAUSES
        self.tls: KeyPair | None = None
        self.beside = False  # another worker of the server that holds the storage directory
        self._lock: StorageLock | None = None
        self._server: Server | None = None

    async def start(self) -> None:
        """Start, or start again on the same storage directory and port."""
        if not self.beside:
            self._lock = StorageLock(self.config.storage.directory)
        seed_upstreams(self.config, self.environ)
        sockets = bind_sockets(self.port, "127.0.0.1", socket.AF_INET)
        self.port = sockets[0].getsockname()[1]
        self._server = await Server.start(
            self.config,
            sockets,
            tls=self.tls,
            environ=self.environ,
            clock=self.clock,
            rest_pauses=self.rest_pauses,
        )

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop()
            self._server = None
        if self._lock is not None:
            self._lock.release()

    async def restart(self, **cache: Any) -> None:
        """Stop and start on the same files, with other settings of the cache."""
        await self.stop()
        if cache:
            self.config = replace(self.config, cache=replace(self.config.cache, **cache))
        await self.start()

    @property
    def server(self) -> Server:
        assert self._server is not None
        return self._server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def files_directory(self) -> Path:
        return self.config.storage.directory / "files"

    async def get(self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Answer:
        """One request on a connection of its own; the path is sent as it is."""
        return await asyncio.get_running_loop().run_in_executor(
            None, _request, self.port, method, path, dict(headers or {})
        )

    async def page(self, project: str) -> Any:
        """The project's page as JSON; must be there."""
        answer = await self.get(f"/simple/{project}/", {"Accept": JSON})
        assert answer.status == 200, (answer.status, answer.reason, answer.body)
        return answer.json()

    async def link(self, project: str, filename: str) -> str:
        """The absolute path that the project's page gives for a file."""
        for entry in (await self.page(project))["files"]:
            if entry["filename"] == filename:
                return urljoin(f"/simple/{project}/", entry["url"])
        raise AssertionError(f"{filename} is not on the page of {project}")

    async def file(self, project: str, filename: str, headers: Mapping[str, str] | None = None) -> Answer:
        """A file by the link on its project's page."""
        return await self.get(await self.link(project, filename), headers)

    def kept(self) -> list[str]:
        """The sha256 of every file that lies in the store."""
        pattern = re.compile(r"[0-9a-f]{64}")
        return sorted(path.name for path in self.files_directory.rglob("*") if pattern.fullmatch(path.name))

    def left_over(self) -> list[Path]:
        """Temporary files that nobody is writing any more."""
        return [path for path in (self.config.storage.directory / "tmp").rglob("*") if path.is_file()]


def make_config(directory: Path, upstreams: list[UpstreamSettings], **cache: Any) -> Config:
    """A configuration for tests: everything on loopback, in a directory of the test's own."""
    local = cache.pop("local", None)
    min_free = cache.pop("min_free", 0)
    max_size = cache.pop("max_size", None)
    server = cache.pop("server", ServerConfig(port=0))
    access = cache.pop("access", AccessConfig())
    log_format = cache.pop("log_format", "text")
    project_list = cache.pop("project_list", "known")
    return Config(
        server=server,
        access=access,
        logging=LoggingConfig(format=log_format),
        storage=StorageConfig(directory=directory, min_free=min_free, max_size=max_size),
        local=LocalConfig(directory=local),
        cache=CacheConfig(**cache),
        project_list=project_list,
        upstreams=tuple(upstreams),
    )


def _request(port: int, method: str, path: str, headers: dict[str, str]) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.putrequest(method, path, skip_accept_encoding=True, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        broken = None
        try:
            body = response.read()
        except http.client.IncompleteRead as error:
            body, broken = error.partial, "incomplete"
        except ConnectionError as error:
            body, broken = b"", type(error).__name__
        return Answer(response.status, response.reason, response.headers, body, broken)
