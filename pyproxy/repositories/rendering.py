"""Rendered, compressed project pages by content tag, in a bounded memory cache.

A warm page is found here by its tag alone: nothing is parsed, rendered or compressed again. A page that many ask
for at once is rendered once.
"""

from __future__ import annotations

import asyncio

from pyproxy.repositories.base import ProjectPage
from pyproxy.repositories.bounded_cache import BoundedCache
from pyproxy.repositories.workshop import Workshop
from pyproxy.simple.negotiate import Format
from pyproxy.simple.work import Rendered, render

MEMORY_LIMIT = 32 * 1024 * 1024
"""Bytes of rendered pages, plain and compressed together, that stay in memory."""

COMPRESSION_GUESS = 10
"""Project pages compress about so well: how much work a compressed body stands for."""

Key = tuple[str, Format, str]


class RenderedPages:
    """Renders pages through the workshop and keeps the latest."""

    def __init__(self, workshop: Workshop, *, memory_limit: int = MEMORY_LIMIT) -> None:
        self._workshop = workshop
        self._memory_limit = memory_limit
        self._kept = BoundedCache[Key, Rendered](memory_limit, _size)
        self._rendering: dict[Key, asyncio.Task[Rendered]] = {}

    def at_hand(self, page: ProjectPage, format: Format) -> Rendered | None:
        """The page as rendered before, if it is still kept."""
        return self._kept.get(_key(page, format))

    async def get(self, page: ProjectPage, format: Format) -> Rendered:
        """The page in the wanted format; raises `PageGone` when a newer one has taken its place."""
        rendered = self.at_hand(page, format)
        if rendered is not None:
            return rendered
        key = _key(page, format)
        task = self._rendering.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._render(key, page, format))
            self._rendering[key] = task
            task.add_done_callback(lambda _: self._rendering.pop(key, None))
        return await asyncio.shield(task)

    async def _render(self, key: Key, page: ProjectPage, format: Format) -> Rendered:
        body = page.body()
        size = len(body) * COMPRESSION_GUESS
        rendered = await self._workshop.run(size, render, body, format, dict(page.recorded), page.offered)
        if _size(rendered) <= self._memory_limit // 2:  # one monster must not push everything else out
            self._kept.put(key, rendered)
        return rendered


def _key(page: ProjectPage, format: Format) -> Key:
    return page.tag, format, page.recorded_tag


def _size(rendered: Rendered) -> int:
    return len(rendered.body) + len(rendered.gzipped)
