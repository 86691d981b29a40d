"""Making a new list of an upstream's projects: ask, read, render, replace; in one process at a time.

Every step goes from file to file (``list_work``): 30 MB of names never pass through the server's memory.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pyproxy.errors import NotAnIndexPage, StorageError, UpstreamInvalidResponse, WorkTooLong
from pyproxy.net.fetcher import NotModified
from pyproxy.net.list_fetcher import ListFetcher
from pyproxy.repositories.project_lists.work import Selection, render_names, take_names
from pyproxy.repositories.workshop import Workshop
from pyproxy.simple.negotiate import Format
from pyproxy.storage.directory import reason
from pyproxy.storage.project_lists import KeptList, ListFile, ListForm, ProjectListStore
from pyproxy.storage.temporary import TemporaryFile

TURN_SECONDS = 0.1
"""How often it is looked whether another process has made the list."""

ROOM_CHECKED_EVERY = 1 << 20
"""Bytes of a list between two looks at the free disk."""


@dataclass(frozen=True, slots=True)
class ListOwner:
    """Whose list it is, and under which settings it was asked for."""

    upstream: str
    upstream_id: int
    generation: int

    def owns(self, kept: KeptList) -> bool:
        """Whether a kept list is this upstream's."""
        return (kept.upstream_id, kept.generation) == (self.upstream_id, self.generation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a refresh is for: ``is_fresh`` says of a kept list that the upstream need not be asked."""

    owner: ListOwner
    fetcher: ListFetcher
    selection: Selection
    is_fresh: Callable[[KeptList], bool]


@dataclass(frozen=True, slots=True)
class Received:
    """What came from the upstream: decoded bytes (0 for "not modified"), and how long it took."""

    size: int
    seconds: float


class ListRefresh:
    """Brings the kept list up to date. ``has_room`` says whether the disk takes so many more bytes."""

    def __init__(
        self,
        store: ProjectListStore,
        workshop: Workshop,
        *,
        has_room: Callable[[int], bool],
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._workshop = workshop
        self._has_room = has_room
        self._clock = clock

    async def run(self, wanted: Wanted) -> Received | None:
        """Ask again unless somebody just has (``None``), and render what changed.

        Raises `UpstreamError` and `StorageError`.
        """
        try:
            async with self._turn():
                kept = self._store.newest()
                if kept is not None and not (wanted.owner.owns(kept) and self._store.is_whole(kept)):
                    kept = None
                with ExitStack() as scratch:
                    making = _Making(self._store, self._workshop, wanted, scratch)
                    return await self._make(making, wanted, kept)
        except OSError as error:
            raise StorageError(f"the list of projects is not kept: cannot write it ({reason(error)})") from error

    async def _make(self, making: _Making, wanted: Wanted, kept: KeptList | None) -> Received | None:
        received = None
        listed = _Listed.of(kept) if kept is not None else None
        if listed is None or kept is None or not wanted.is_fresh(kept):
            received, listed = await self._ask(making, wanted, listed)
        newest = KeptList(
            upstream_id=wanted.owner.upstream_id,
            generation=wanted.owner.generation,
            etag=listed.etag,
            last_modified=listed.last_modified,
            checked_at=listed.checked_at,
            names=listed.names,
            selection=wanted.selection.tag(),
            **await making.forms(listed.names, kept),
        )
        if newest != kept:
            await asyncio.to_thread(self._store.replace, newest, making.made)
        return received

    async def _ask(self, making: _Making, wanted: Wanted, known: _Listed | None) -> tuple[Received, _Listed]:
        arrived, began = making.temporary(), asyncio.get_running_loop().time()
        answer = await wanted.fetcher.fetch(
            _writer(arrived, self._has_room),
            etag=known.etag if known is not None else None,
            last_modified=known.last_modified if known is not None else None,
        )
        now, seconds = self._clock(), asyncio.get_running_loop().time() - began
        if not isinstance(answer, NotModified):
            names = await making.names(arrived.path, answer.size)
            return Received(answer.size, seconds), _Listed(answer.etag, answer.last_modified, now, names)
        if known is None:
            raise UpstreamInvalidResponse(
                wanted.owner.upstream, "answered 304 Not Modified to an unconditional request"
            )
        return Received(0, seconds), _Listed(known.etag, known.last_modified, now, known.names)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait until nobody else is making a list, in whichever process."""
        while True:
            with self._store.turn() as ours:
                if ours:
                    yield
                    return
            await asyncio.sleep(TURN_SECONDS)


@dataclass(frozen=True, slots=True)
class _Listed:
    """An upstream's answer as it is kept: its validators, when it was last confirmed, and its names."""

    etag: str | None
    last_modified: str | None
    checked_at: float
    names: ListFile

    @classmethod
    def of(cls, kept: KeptList) -> _Listed:
        return cls(kept.etag, kept.last_modified, kept.checked_at, kept.names)


class _Making:
    """The files of a list that is being made; ``made`` are those to be kept, by name."""

    def __init__(self, store: ProjectListStore, workshop: Workshop, wanted: Wanted, scratch: ExitStack) -> None:
        self.made: dict[str, TemporaryFile] = {}
        self._store = store
        self._workshop = workshop
        self._wanted = wanted
        self._scratch = scratch

    def temporary(self) -> TemporaryFile:
        """A file that vanishes at the end unless it is kept."""
        file = self._store.temporary()
        self._scratch.callback(file.discard)
        return file

    async def names(self, arrived: Path, size: int) -> ListFile:
        """The names in an upstream's answer."""
        upstream, target = self._wanted.owner.upstream, self.temporary()
        try:
            names = await self._workshop.run(size, take_names, arrived, target.path)
        except NotAnIndexPage as error:
            raise UpstreamInvalidResponse(upstream, f"sent something that is no list of projects: {error}") from error
        except WorkTooLong as error:
            raise UpstreamInvalidResponse(upstream, f"sent a list that cannot be used: {error}") from error
        self.made[names.name] = target
        return names

    async def forms(self, names: ListFile, kept: KeptList | None) -> dict[str, ListForm]:
        """The rendered forms, those that are kept where nothing has changed."""
        if kept is not None and (kept.names, kept.selection) == (names, self._wanted.selection.tag()):
            return {"json": kept.json, "html": kept.html}
        path = self.made[names.name].path if names.name in self.made else self._store.path(names)
        return {
            "json": await self._render(path, names.size, Format.JSON_V1),
            "html": await self._render(path, names.size, Format.TEXT_HTML),
        }

    async def _render(self, names: Path, size: int, format: Format) -> ListForm:
        plain, gzipped = self.temporary(), self.temporary()
        try:
            form = await self._workshop.run(
                size, render_names, names, self._wanted.selection, format, plain.path, gzipped.path
            )
        except WorkTooLong as error:
            raise StorageError(f"the list of projects cannot be rendered: {error}") from error
        self.made[form.plain.name], self.made[form.gzipped.name] = plain, gzipped
        return form


def _writer(file: TemporaryFile, has_room: Callable[[int], bool]) -> Callable[[bytes], None]:
    """Appends pieces to the file; raises `StorageError` when the disk is full."""
    unchecked = ROOM_CHECKED_EVERY

    def write(data: bytes) -> None:
        nonlocal unchecked
        unchecked += len(data)
        if unchecked >= ROOM_CHECKED_EVERY:
            unchecked = 0
            if not has_room(ROOM_CHECKED_EVERY):
                raise StorageError("the list of projects is not kept: the disk is full")
        view = memoryview(data)
        while view:
            view = view[os.write(file.fd, view) :]

    return write
