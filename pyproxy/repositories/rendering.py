"""Rendered, compressed project pages by content tag, in a bounded memory cache.

A warm page is found here by its tag alone: nothing is parsed, rendered or compressed again. A page that many ask
for at once is rendered once. Installers take pages compressed, so the plain ones, ten times as large, are kept only
where somebody wants them: the pages of whole installs have room.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from pyproxy.repositories.base import ProjectPage
from pyproxy.repositories.bounded_cache import BoundedCache
from pyproxy.repositories.workshop import Workshop
from pyproxy.simple.negotiate import Format
from pyproxy.simple.packing import from_gzip
from pyproxy.simple.work import render

MEMORY_LIMIT = 32 * 1024 * 1024
"""Bytes of rendered pages, compressed or plain, that stay in memory."""

COMPRESSION_GUESS = 5
"""How much work a compressed body stands for: with hashes, which do not compress, a page is four times as large, and
without any a dozen times."""

Key = tuple[str, Format, str, bool]


class Coded(NamedTuple):
    """A rendered page in the coding that was wanted, and the part of its ETag that both codings share."""

    body: bytes
    etag_base: str


class RenderedPages:
    """Renders pages through the workshop and keeps the latest; ``gzip`` says which coding is wanted."""

    def __init__(self, workshop: Workshop, *, memory_limit: int = MEMORY_LIMIT) -> None:
        self._workshop = workshop
        self._memory_limit = memory_limit
        self._kept = BoundedCache[Key, Coded](memory_limit, lambda coded: len(coded.body))
        self._making: dict[Key, asyncio.Task[Coded]] = {}

    def at_hand(self, page: ProjectPage, format: Format, *, gzip: bool) -> Coded | None:
        """The page as rendered before, if it is still kept."""
        return self._kept.get((page.tag, format, page.recorded_tag, gzip))

    async def get(self, page: ProjectPage, format: Format, *, gzip: bool) -> Coded:
        """The page in the wanted format; raises `PageGone` when a newer one has taken its place."""
        kept = self.at_hand(page, format, gzip=gzip)
        if kept is not None:
            return kept
        key = (page.tag, format, page.recorded_tag, gzip)
        task = self._making.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._make(page, format, gzip))
            self._making[key] = task
            task.add_done_callback(lambda _: self._making.pop(key, None))
        return await asyncio.shield(task)

    async def _make(self, page: ProjectPage, format: Format, gzip: bool) -> Coded:
        packed = None if gzip else self.at_hand(page, format, gzip=True)
        if packed is None:
            body = page.body()
            size = len(body) * COMPRESSION_GUESS
            rendered = await self._workshop.run_linear(size, render, body, format, dict(page.recorded), page.offered)
            packed, plain = Coded(rendered.gzipped, rendered.etag_base), Coded(rendered.body, rendered.etag_base)
            self._keep(page, format, packed, gzip=True)
        else:
            size = len(packed.body) * COMPRESSION_GUESS
            unpacked = await self._workshop.run_in_thread(size, from_gzip, packed.body)
            plain = Coded(unpacked, packed.etag_base)
        if gzip:
            return packed
        self._keep(page, format, plain, gzip=False)
        return plain

    def _keep(self, page: ProjectPage, format: Format, coded: Coded, *, gzip: bool) -> None:
        if len(coded.body) <= self._memory_limit // 2:  # one monster must not push everything else out
            self._kept.put((page.tag, format, page.recorded_tag, gzip), coded)
