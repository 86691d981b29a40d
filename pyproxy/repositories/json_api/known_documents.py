"""What one upstream last said in its JSON API: in the database, and in memory where it cannot be stored.

As ``known_answers`` does for project pages, but with less to lose: what finds no place is asked for again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace

from pyproxy.errors import StorageError
from pyproxy.repositories.bounded_cache import BoundedCache
from pyproxy.repositories.reading import readable
from pyproxy.storage.json_documents import DocumentName, JsonDocumentStore
from pyproxy.storage.pages import KnownPage, PageKey

log = logging.getLogger(__name__)

HELD_LIMIT = 8 * 1024 * 1024
"""Bytes of compressed documents held in memory for want of a place on the disk, for one upstream."""

STORING_SECONDS = 1.0
"""So long an answer waits for being stored; usually it takes a millisecond."""


@dataclass(frozen=True, slots=True)
class _Held:
    answer: KnownPage
    body: bytes | None = field(repr=False)


class KnownDocuments:
    """The newest answer of one generation of one upstream, document by document."""

    def __init__(self, key: PageKey, store: JsonDocumentStore) -> None:
        self._key = key
        self._store = store
        self._held = BoundedCache[DocumentName, _Held](HELD_LIMIT, _size)
        self._storing: set[asyncio.Task[None]] = set()

    def get(self, name: DocumentName) -> KnownPage | None:
        """The newest answer, however old; its ``tag`` is ``None`` where there is no such document."""
        stored, held = readable(lambda: self._store.get(self._key, name)), self._held.get(name)
        if held is None or (stored is not None and stored.checked_at >= held.answer.checked_at):
            return stored
        return held.answer

    def body(self, name: DocumentName, tag: str) -> bytes | None:
        """The document with this tag, compressed; ``None`` when it has gone meanwhile."""
        held = self._held.get(name)
        if held is not None and held.answer.tag == tag:
            return held.body
        return readable(lambda: self._store.body(tag))

    def forget_held(self) -> None:
        """Rely on the database alone: something was purged."""
        self._held = BoundedCache[DocumentName, _Held](HELD_LIMIT, _size)

    async def keep(self, name: DocumentName, answer: KnownPage, body: bytes | None) -> None:
        """Know this from now on; ``body`` is ``None`` for an absence."""
        self._held.put(name, _Held(answer, body))
        await self._wait_for(name, self._store.put(self._key, name, answer, body))

    async def confirm(self, name: DocumentName, answer: KnownPage, checked_at: float, etag: str | None) -> None:
        """The known document is still the newest (a 304)."""
        confirmed = replace(answer, checked_at=checked_at, etag=etag or answer.etag)
        held = self._held.get(name)
        if held is not None and held.answer.tag == answer.tag:
            await self.keep(name, confirmed, held.body)
        else:
            await self._wait_for(name, self._store.touch(self._key, name, checked_at, etag))

    async def _wait_for(self, name: DocumentName, storing: Awaitable[bool]) -> None:
        task = asyncio.ensure_future(self._stored(name, self._held.get(name), storing))
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)
        await asyncio.wait({task}, timeout=STORING_SECONDS)

    async def _stored(self, name: DocumentName, held: _Held | None, storing: Awaitable[bool]) -> None:
        try:
            stored = await storing
        except StorageError as error:
            log.warning("%s: the JSON document is not stored, and held in memory: %s", name.project, error)
            return
        if stored and self._held.get(name) is held:
            self._held.drop(name)


def _size(held: _Held) -> int:
    return 512 + len(held.body or b"")
