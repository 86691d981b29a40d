"""What ``/simple/`` lists, and the list of what is known here (``project_list: known``).

No list decides whether a project exists: a name that is missing from it is served all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from pyproxy.repositories.base import ListAnswer
from pyproxy.repositories.local import LocalRepository
from pyproxy.repositories.workshop import Workshop
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.negotiate import Format
from pyproxy.simple.work import render_list
from pyproxy.storage.pages import PageStore

ROW_BYTES = 64
"""About what one name takes in a rendered list."""


class ProjectLists(Protocol):
    """Answers ``/simple/``."""

    async def get(self, format: Format, *, gzip: bool) -> ListAnswer:
        """The list; raises `UpstreamError` (it cannot be had), `NotAnswered`, `StorageError`."""


class KnownProjects:
    """The local projects, and those of which some upstream has shown a page."""

    def __init__(self, pages: PageStore, local: LocalRepository | None, workshop: Workshop) -> None:
        self._pages = pages
        self._local = local
        self._workshop = workshop

    def local_names(self) -> tuple[NormalizedName, ...]:
        """The local ones alone, sorted."""
        return () if self._local is None else self._local.names()

    async def get(self, format: Format, *, gzip: bool) -> ListAnswer:
        """Always fresh, and never to be kept by a client."""
        seen = await self._pages.list_projects()
        # In a thread: sorting hundreds of thousands of names would hold everybody else up.
        names = await asyncio.get_running_loop().run_in_executor(None, _merged, seen, self.local_names())
        rendered = await self._workshop.run(len(names) * ROW_BYTES, render_list, names, format)
        body = rendered.gzipped if gzip else rendered.body

        async def pieces() -> AsyncGenerator[bytes]:
            yield body

        return ListAnswer(etag_base=rendered.etag_base, size=len(body), pieces=pieces, close=_nothing)


def _merged(seen: Sequence[NormalizedName], local: Sequence[NormalizedName]) -> Sequence[NormalizedName]:
    return sorted({*seen, *local}) if local else seen


def _nothing() -> None:
    """Nothing is held open."""
