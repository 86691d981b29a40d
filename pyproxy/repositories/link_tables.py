"""The links of project pages by filename, decoded once and kept within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from pyproxy.repositories.bounded_cache import BoundedCache
from pyproxy.repositories.workshop import Workshop
from pyproxy.simple.canonical import Link
from pyproxy.simple.work import links

LINKS_LIMIT = 50_000
"""Links at hand, of all pages together; each takes some hundreds of bytes."""

Table = Mapping[str, Link]


class LinkTables:
    """Link tables by the tag of their page: an installer asks for many files of one page at a time."""

    def __init__(self, workshop: Workshop, *, limit: int = LINKS_LIMIT) -> None:
        self._workshop = workshop
        self._tables = BoundedCache[str, Table](limit, len)
        self._decoding: dict[str, asyncio.Task[Table]] = {}

    def at_hand(self, tag: str) -> Table | None:
        """The table, if it was decoded before and is still kept."""
        return self._tables.get(tag)

    async def decode(self, tag: str, body: bytes) -> Table:
        """The table of the page with this canonical form (zlib-compressed); once, however many ask."""
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
