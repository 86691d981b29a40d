"""One failing upstream and the proxy in front of it: puts a project into a state, lets the upstream fail, and asks.

Each cell has a project of its own, so that one proxy serves a whole row of the table.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pyproxy.net.download import Download
from pyproxy.net.transfer import Transfer
from pyproxy.settings import UpstreamSettings
from tests.distributions import make_wheel
from tests.faults.failures import Row, Stage
from tests.faults.table import Cell
from tests.http.calls import address, ask, calling
from tests.http.legacy_documents import document, entry
from tests.http.proxy import JSON, Answer, Clock, Proxy, make_config
from tests.upstream.certificates import Authority, self_signed_context
from tests.upstream.proxy import ProxyServer
from tests.upstream_server import Pause, UpstreamServer
from tests.waiting import STEP_SECONDS, until

LOOKUP_SECONDS = 0.4
"""``cache.lookup_timeout`` of the proxy, and with it the time within which a failure is told."""

SLACK_SECONDS = 30.0
"""For a busy machine: a promise of seconds that is broken by minutes is still noticed."""

RECOVERY_SECONDS = 30.0
"""Within which a busy machine has a healthy upstream's answer."""

FILE_SIZE = 300_000
"""Bytes of each file: more than the 64 KiB that are held back until all is verified."""


@dataclass(frozen=True)
class Published:
    """What the upstream has of one project."""

    project: str
    filename: str
    content: bytes
    metadata: bytes

    def path(self, route: str) -> str:
        """Where the proxy answers for it."""
        file = address(self.project, self.filename, self.content)
        return {
            "page": f"/simple/{self.project}/",
            "file": file,
            "metadata": f"{file}.metadata",
            "JSON": f"/pypi/{self.project}/json",
        }[route]


@dataclass(frozen=True)
class Seen:
    """What was answered in one cell, and what came of it.

    ``asked`` counts the requests to the upstream; ``kept`` are files on the disk that were not there before, ``wrong``
    those that have not the bytes that their name says, ``left_over`` temporary ones; ``errors`` is what was logged as
    a defect. ``later`` is the answer once all is well again.
    """

    published: Published
    answer: Answer
    asked: int
    kept: frozenset[str]
    wrong: frozenset[str]
    left_over: tuple[Path, ...]
    errors: tuple[str, ...]
    later: Answer


class Bench:
    """Runs the cells of one row. ``close`` must find everything as it was before ``open``.

    ``well`` are projects that are asked for before each cell, so that no upstream rests because of the ones before.
    """

    well: tuple[str, ...] = ("well",)
    lookup_seconds = LOOKUP_SECONDS

    def __init__(self, row: Row, directory: Path) -> None:
        self._row = row
        self.failure = row.failure
        self._directory = directory
        self.clock = Clock()
        self._errors = _Errors()

    async def open(self) -> None:
        """Start the upstream and the proxy."""
        logging.getLogger("pyproxy").addHandler(self._errors)
        authority = Authority(self._directory)
        good = authority.server_context()
        tls = good if self._row.scheme == "https" else None
        self.server, elsewhere = await UpstreamServer.start(tls), await UpstreamServer.start()
        self.server.no_etag = True  # a 304 has no body that could be spoilt
        self._outbound = await ProxyServer.start()
        environ: dict[str, str] = {}
        if self._row.named:
            # Only the outbound proxy finds this name (RFC 6761 section 6.4: nobody else ever will).
            self._outbound.hosts["index.invalid"] = "127.0.0.1"
            environ["http_proxy"] = self._outbound.url
            self.server.url = f"http://index.invalid:{self.server.port}"
        self.stage = Stage(self.server, environ, good, self_signed_context(self._directory), elsewhere)
        first = UpstreamSettings(
            name="first",
            url=self.server.url,
            connect_timeout_ms=self._row.patience,
            stall_timeout_ms=self._row.patience,
            ca_bundle=str(authority.certificate) if tls else None,
        )
        lookup = self.lookup_seconds if self._row.silent else 10.0  # never the end of what another limit should end
        upstreams = await self.upstreams(first)
        config = make_config(self._directory / "storage", upstreams, lookup_timeout=lookup)
        for project in self.well:
            self.publish(project)
        self.proxy = Proxy(config, self.clock, environ)
        await self.proxy.start()

    async def upstreams(self, first: UpstreamSettings) -> list[UpstreamSettings]:
        """The proxy's upstreams; ``first`` is the one that fails."""
        return [first]

    async def close(self) -> None:
        """Stop everything."""
        await self.failure.end(self.stage)
        await self.proxy.stop()
        await self._stop_servers()
        logging.getLogger("pyproxy").removeHandler(self._errors)

    async def _stop_servers(self) -> None:
        for server in (self._outbound, self.server, self.stage.elsewhere):
            await server.stop()

    async def see(self, cell: Cell) -> Seen:
        """Bring about the cell's state, let the upstream fail, ask, and make all well again."""
        await self.make_well()
        published = self.publish(f"{cell.route}-{cell.state}".lower())
        await self._prepare(published, cell)
        before, asked = frozenset(self.proxy.kept()), self._asked()
        await self.failure.begin(self.stage)
        try:
            answer = await self._ask(published.path(cell.route), cell)
            await self.idle()
            asked = self._asked() - asked
        finally:
            await self.failure.end(self.stage)
        kept = frozenset(self.proxy.kept())
        return Seen(
            published=published,
            answer=answer,
            asked=asked,
            kept=kept - before,
            wrong=frozenset(name for name in kept - before if not self._is_right(name)),
            left_over=tuple(self.proxy.left_over()),
            errors=self._errors.take(),
            later=answer if cell.expected == "hit" else await self.fetch(published.path(cell.route)),
        )

    def _is_right(self, sha256: str) -> bool:
        path = next(self.proxy.files_directory.rglob(sha256))
        return hashlib.sha256(path.read_bytes()).hexdigest() == sha256

    async def _ask(self, path: str, cell: Cell) -> Answer:
        headers = {"Accept": JSON} if cell.route == "page" else {}
        try:
            async with asyncio.timeout(LOOKUP_SECONDS + SLACK_SECONDS):
                if cell.expected == "broken":
                    return await self._ask_and_begin(path)
                return await ask(self.proxy, path, headers)
        except TimeoutError:
            raise AssertionError(f"{path} was not answered within the time of a look-up ({cell})") from None

    async def _ask_and_begin(self, path: str) -> Answer:
        """What fails after the first byte: it is let happen once the client has that."""
        event = asyncio.Event()
        self.server.pause = Pause(FILE_SIZE // 3, event)
        async with calling(self.proxy, path) as call:
            first = await call.read(1)
            event.set()
            answer = await call.answer()
        self.server.pause = None
        return replace(answer, body=first + answer.body)

    async def idle(self) -> None:
        await until(lambda: not len(self.proxy.server.resources.downloads))

    def _asked(self) -> int:
        return len(self.server.requests)

    async def tasks(self) -> frozenset[asyncio.Task[Any]]:
        """What runs before anything is asked, but for what every file needs."""
        await self.make_well()
        await self.fetch(self.publish(self.well[0]).path("file"))
        return frozenset(asyncio.all_tasks())

    async def settled(self, tasks: frozenset[asyncio.Task[Any]]) -> frozenset[asyncio.Task[Any]]:
        """The tasks that are still there after a while beside the ones given, once the upstream has gone."""
        await self._stop_servers()
        for _ in range(200):
            rest = frozenset(asyncio.all_tasks()) - tasks - {asyncio.current_task()}
            if not rest:
                break
            await asyncio.sleep(0.01)
        return rest

    async def make_well(self) -> None:
        self.clock.advance(3600.0)
        for project in self.well:
            await self.fetch(f"/simple/{project}/")

    def publish(self, project: str) -> Published:
        """Let the upstream have a project, with a document of its JSON API."""
        filename, content, metadata = make_wheel(project, "1.0", size=FILE_SIZE)
        self.server.add_file(project, filename, content, metadata=metadata)
        listed = entry(f"{self.server.url}/packages/{project}/{filename}", filename, content)
        self.server.set_json(project, document(project, "1.0", {"1.0": [listed]}))
        return Published(project, filename, content, metadata)

    async def _prepare(self, published: Published, cell: Cell) -> None:
        if cell.state == "unknown":
            return
        await self.fetch(published.path("page"))
        if cell.state == "cached":
            await self.fetch(published.path("file"))
        elif cell.route == "JSON":
            await self.fetch(published.path("JSON"))
        if cell.state in ("stale", "cached"):
            self.clock.advance(86400.0)

    async def fetch(self, path: str) -> Answer:
        """It must be there; what is still under way since it was not well, or overran short limits, is asked again.

        As long as time allows, and not so many times: after a silence nobody waits for what is known, so that attempts
        may take a millisecond each while the answer that ends the silence is on its way.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + RECOVERY_SECONDS
        while True:
            answer = await ask(self.proxy, path, {"Accept": JSON} if path.startswith("/simple/") else {})
            if answer.status == 200 and answer.broken is None and "stale" not in (answer.cache_status or ""):
                self._errors.take()
                await self.idle()
                return answer
            said = answer.status, answer.reason, answer.cache_status
            assert loop.time() < deadline, f"{path} could not be had of a healthy upstream: {said}"
            self.clock.advance(60.0)
            await asyncio.sleep(STEP_SECONDS)


class _Errors(logging.Handler):
    """What the server logs as a defect."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(self.format(record))

    def take(self) -> tuple[str, ...]:
        said, self._said = self._said, []
        return tuple(said)


def descriptors() -> int:
    """How many files and sockets this process has open."""
    return len(os.listdir("/proc/self/fd"))


def transfers() -> int:
    """Downloads and transfers in memory."""
    gc.collect()
    return sum(isinstance(each, Download | Transfer) for each in gc.get_objects())
