"""The costly steps for documents of the legacy JSON API, done once through the workshop and kept in bounded caches.

A document that is asked for again at the same address of this server is found by what it was made from: nothing is
decompressed, parsed, written or compressed again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from pyproxy.repositories.base import ProjectPage
from pyproxy.repositories.bounded_cache import BoundedCache
from pyproxy.repositories.rendering import COMPRESSION_GUESS
from pyproxy.repositories.workshop import Workshop
from pyproxy.simple.legacy_json.info import OwnMetadata
from pyproxy.simple.legacy_json.work import Surveyed, described, render_stored, survey
from pyproxy.simple.versions import comparable
from pyproxy.simple.work import Rendered

MEMORY_LIMIT = 16 * 1024 * 1024
"""Bytes of rendered documents, plain and compressed together, that stay in memory."""

SURVEYS_LIMIT = 20_000
"""Surveyed releases, and versions that documents describe, that stay in memory; each is some hundreds of bytes."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """An upstream's document: its tag, and where its stored form can be had (raises `PageGone`)."""

    tag: str
    body: Callable[[], bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """What a document is written from, as in ``simple.legacy_json_render``; ``base`` is this server's address."""

    page: ProjectPage
    base: str
    version: str | None
    document: StoredDocument | None = None
    metadata: OwnMetadata | None = None
    serial: int | None = None

    @property
    def key(self) -> tuple[str | int | None, ...]:
        """The same for the same content at the same address."""
        document = self.document.tag if self.document is not None else None
        metadata = hashlib.sha256(self.metadata.content).hexdigest() if self.metadata is not None else None
        return self.page.tag, self.page.recorded_tag, document, metadata, self.serial, self.base, self.version


class RenderedDocuments:
    """Does the work and keeps the latest results."""

    def __init__(self, workshop: Workshop, *, memory_limit: int = MEMORY_LIMIT) -> None:
        self._workshop = workshop
        self._memory_limit = memory_limit
        self._kept = BoundedCache[tuple[str | int | None, ...], Rendered](memory_limit, _size)
        self._rendering: dict[tuple[str | int | None, ...], asyncio.Task[Rendered]] = {}
        self._surveys = BoundedCache[tuple[str, str, str | None], Surveyed](SURVEYS_LIMIT, lambda _: 1)
        self._described = BoundedCache[str, str](SURVEYS_LIMIT, lambda _: 1)

    async def survey(self, page: ProjectPage, version: str | None) -> Surveyed | None:
        """A release on the page, or the newest, as ``simple.legacy_json_work.survey``; raises `PageGone`."""
        key = page.tag, page.recorded_tag, version if version is None else comparable(version)
        known = self._surveys.get(key)
        if known is None:
            body = page.body()
            size = len(body) * COMPRESSION_GUESS
            known = await self._workshop.run(size, survey, body, dict(page.recorded), page.offered, version)
            if known is not None:
                self._surveys.put(key, known)
        return known

    async def described(self, document: StoredDocument) -> str:
        """The version that an upstream's document describes, in a comparable spelling; raises `PageGone`."""
        known = self._described.get(document.tag)
        if known is None:
            body = document.body()
            known = comparable(await self._workshop.run(len(body) * COMPRESSION_GUESS, described, body))
            self._described.put(document.tag, known)
        return known

    async def get(self, ingredients: Ingredients) -> Rendered:
        """The document; written once, however many ask. Raises `PageGone`."""
        key = ingredients.key
        rendered = self._kept.get(key)
        if rendered is not None:
            return rendered
        task = self._rendering.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._render(ingredients))
            self._rendering[key] = task
            task.add_done_callback(lambda _: self._rendering.pop(key, None))
        return await asyncio.shield(task)

    async def _render(self, made_of: Ingredients) -> Rendered:
        page = made_of.page.body()
        document = made_of.document.body() if made_of.document is not None else None
        rendered = await self._workshop.run(
            (len(page) + len(document or b"")) * COMPRESSION_GUESS,
            render_stored,
            page,
            dict(made_of.page.recorded),
            made_of.page.offered,
            document,
            made_of.metadata,
            made_of.serial,
            made_of.base,
            made_of.version,
        )
        if _size(rendered) <= self._memory_limit // 2:  # one monster must not push everything else out
            self._kept.put(made_of.key, rendered)
        return rendered


def _size(rendered: Rendered) -> int:
    return len(rendered.body) + len(rendered.gzipped)
