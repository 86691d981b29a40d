"""What one upstream last said of each project: in the database, and in memory while it is not stored there.

An answer counts from the moment it is there. Storing it comes second, so that a full disk, a busy database or an
upstream that was removed meanwhile takes nothing from those who wait: what cannot be stored is held in memory, up to
a bound, until a newer answer can be. In a burst of answers, storing waits for its end (``net/lull.py``).
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from pyproxy.errors import StorageError
from pyproxy.net.lull import Lull
from pyproxy.repositories.reading import readable
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.pages import KnownPage, PageKey, PageStore

log = logging.getLogger(__name__)

STORING_SECONDS = 1.0
"""So long an answer waits for being stored; usually it takes a millisecond."""

HELD_LIMIT = 32 * 1024 * 1024
"""Bytes of compressed pages held in memory for want of a place on the disk, for one upstream."""

PUT_OFF_LIMIT = 8 * 1024 * 1024
"""The same while storing is only put off: what is held in vain must find room, too."""

ROW_SIZE = 512
"""What an answer without a body counts for in `HELD_LIMIT`."""


class Store(Protocol):
    """Writes an answer; ``since`` as for `PageStore.put_page`."""

    def __call__(self, *, since: int | None) -> Awaitable[bool]: ...


@dataclass(frozen=True, slots=True)
class _Held:
    """An answer that is not stored (yet); ``body`` is ``None`` where it is a 404, or where it lies in the store."""

    page: KnownPage
    body: bytes | None = field(default=None, repr=False)
    put_off: bool = False

    @property
    def is_confirmation(self) -> bool:
        """Whether it is worth something only beside the stored page."""
        return self.page.tag is not None and self.body is None

    @property
    def size(self) -> int:
        return ROW_SIZE + len(self.body or b"")


class KnownAnswers:
    """The newest answer of one generation of one upstream, project by project.

    ``lull``: storing may wait for it; without one, an answer is stored before anybody hears of it, as far as that does
    not take long, because another process may be asked next.
    """

    def __init__(
        self, key: PageKey, pages: PageStore, *, lull: Lull | None = None, held_limit: int = HELD_LIMIT
    ) -> None:
        self._key = key
        self._pages = pages
        self._lull = lull
        self._held_limit = held_limit
        self._held: OrderedDict[NormalizedName, _Held] = OrderedDict()
        self._held_size = 0
        self._held_bodies: dict[str, bytes] = {}
        self._storing: set[asyncio.Task[None]] = set()

    def get(self, project: NormalizedName) -> KnownPage | None:
        """The newest answer, a page or a 404, however old."""
        stored = readable(lambda: self._pages.get(self._key, project))
        held = self._held.get(project)
        if held is None or (stored is not None and stored.checked_at > held.page.checked_at):
            return stored
        if held.is_confirmation and (stored is None or stored.tag != held.page.tag):
            return stored  # what it confirms was purged, or replaced: there is no body to it
        return held.page

    def forget(self, project: NormalizedName) -> None:
        """The project was purged: what is held in memory counts no more either."""
        self._drop(project)

    def forget_put_off(self) -> None:
        """Something was purged, or has expired: what is not written yet may be meant, and can be asked for again."""
        for project, held in list(self._held.items()):
            if held.put_off:
                self._drop(project)

    def body(self, tag: str) -> bytes | None:
        """A page's canonical form (zlib-compressed); ``None`` when a purge has taken it meanwhile."""
        return self._held_bodies.get(tag) or readable(lambda: self._pages.body(tag))

    async def keep_page(self, project: NormalizedName, page: KnownPage, body: bytes) -> None:
        """Know this page from now on; ``page.changed_at`` is the store's business."""
        assert page.tag is not None
        store = partial(
            self._pages.put_page,
            self._key,
            project,
            tag=page.tag,
            body_z=body,
            etag=page.etag,
            last_modified=page.last_modified,
            url=page.page_url or "",
            checked_at=page.checked_at,
            serial=page.serial,
        )
        await self._keep(project, _Held(page, body), store)

    async def keep_missing(self, project: NormalizedName, checked_at: float) -> None:
        """Know that there is no such project."""
        page = KnownPage(
            tag=None,
            etag=None,
            last_modified=None,
            checked_at=checked_at,
            changed_at=checked_at,
            page_url=None,
            serial=None,
        )
        await self._keep(project, _Held(page), partial(self._pages.put_missing, self._key, project, checked_at))

    async def confirm(self, project: NormalizedName, page: KnownPage, checked_at: float, etag: str | None) -> None:
        """The known page is still the newest (a 304); one that was purged meanwhile stays gone."""
        confirmed = replace(page, checked_at=checked_at, etag=etag or page.etag)
        held = self._held.get(project)
        if held is not None and held.page.tag == page.tag and held.body is not None:
            await self.keep_page(project, confirmed, held.body)
            return
        await self._keep(project, _Held(confirmed), partial(self._pages.touch, self._key, project, checked_at, etag))

    async def stored(self) -> None:
        """Wait until nothing is being stored, as far as that does not take long."""
        if self._storing:
            await asyncio.wait(self._storing, timeout=STORING_SECONDS)

    async def _keep(self, project: NormalizedName, held: _Held, store: Store) -> None:
        self._drop(project)
        self._held_size += held.size
        if self._lull is not None and self._lull.puts_off and self._held_size <= PUT_OFF_LIMIT:
            held = replace(held, put_off=True)
        self._held[project] = held
        if held.page.tag is not None and held.body is not None:
            self._held_bodies[held.page.tag] = held.body
        while self._held_size > self._held_limit and len(self._held) > 1:
            self._drop(next(iter(self._held)))
        task = asyncio.ensure_future(self._store(project, held, store))
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)
        if not held.put_off:
            await asyncio.wait({task}, timeout=STORING_SECONDS)

    async def _store(self, project: NormalizedName, held: _Held, store: Store) -> None:
        try:
            since = None
            if held.put_off and self._lull is not None:
                since = self._pages.revision()
                await self._lull.wait()
                if self._held.get(project) is not held:
                    return  # a newer answer has come meanwhile, or a purge
            stored = await store(since=since)
        except StorageError as error:
            log.warning("%s: the answer is not stored, and held in memory: %s", project, error)
            return
        except Exception:  # the end of a task: nobody else would see it
            log.exception("storing the answer for %s failed", project)
            return
        # Not stored, its upstream is no more, or it was purged, which this will be told of: only requests that began
        # with it still look here. A page without its body was confirmed after a purge, and must not come back.
        if (stored or held.is_confirmation) and self._held.get(project) is held:
            self._drop(project)

    def _drop(self, project: NormalizedName) -> None:
        held = self._held.pop(project, None)
        if held is not None:
            self._held_size -= held.size
            self._held_bodies.pop(held.page.tag or "", None)
