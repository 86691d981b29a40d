"""The links of project pages by filename, decoded once and kept within bounds.

An install asks for a file or two of each of a hundred pages, more than have room here in whole: those links stay for
the next install.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from pyproxy.repositories.bounded_cache import BoundedCache
from pyproxy.repositories.workshop import Workshop
from pyproxy.simple.canonical import Link
from pyproxy.simple.work import links

LINKS_LIMIT = 50_000
"""Links at hand, of all pages together; each takes some hundreds of bytes."""

ASKED_LIMIT = 10_000
"""Links that were asked for, which stay longer than their tables."""

Table = Mapping[str, Link]


class LinkTables:
    """Link tables by the tag of their page: an installer asks for many files of one page at a time."""

    def __init__(self, workshop: Workshop, *, limit: int = LINKS_LIMIT) -> None:
        self._workshop = workshop
        self._tables = BoundedCache[str, Table](limit, len)
        self._asked = BoundedCache[tuple[str, str], Link](ASKED_LIMIT, lambda _: 1)
        self._decoding: dict[str, asyncio.Task[Table]] = {}

    async def link(self, tag: str, filename: str, body: Callable[[], bytes | None]) -> Link | None:
        """A file as the page with this tag lists it, if it does.

        ``body`` gives the page's canonical form (zlib-compressed), or ``None`` where it is gone. It is decoded once,
        however many ask.
        """
        asked = self._asked.get((tag, filename))
        if asked is not None:
            return asked
        table = self._tables.get(tag)
        if table is None:
            packed = body()
            if packed is None:
                return None
            table = await self._decode_once(tag, packed)
        found = table.get(filename)
        if found is not None:
            self._asked.put((tag, filename), found)
        return found

    async def _decode_once(self, tag: str, body: bytes) -> Table:
        task = self._decoding.get(tag)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._decode(tag, body))
            self._decoding[tag] = task
            task.add_done_callback(lambda _: self._decoding.pop(tag, None))
        return await asyncio.shield(task)

    async def _decode(self, tag: str, body: bytes) -> Table:
        # In a thread, not in the process: handing so many objects over would take longer than decoding them.
        table = await self._workshop.run_in_thread(len(body), links, body)
        self._tables.put(tag, table)
        return table
