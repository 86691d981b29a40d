"""Descriptions of projects: found in what is kept here, and rendered where no text can hold up the server.

Nobody is asked: the owner's document of the legacy JSON API counts if it is kept, else the metadata of the highest
release among the files that were kept last. Rendering runs in a process of its own, with a time limit: a hostile text
that takes for ever must hold up nobody's project page, and one that kills its renderer is shown as it is.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

from pyproxy.admin.projects.description import Description, describe_distribution, describe_document
from pyproxy.admin.projects.rendering import RenderedText, plain_text, render_text
from pyproxy.admin.projects.view import ProjectView
from pyproxy.repositories.bounded_cache import BoundedCache
from pyproxy.repositories.local import LocalRepository
from pyproxy.repositories.rendering import COMPRESSION_GUESS
from pyproxy.repositories.workshop import Workshop
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import METADATA_SUFFIX, version_of
from pyproxy.simple.versions import version_order
from pyproxy.storage.files import FileStore
from pyproxy.storage.json_documents import JsonDocumentStore
from pyproxy.storage.kept import KeptFile

log = logging.getLogger(__name__)

RENDER_SECONDS = 5.0
"""How long one text may take; honest ones take some milliseconds."""

RENDERED_LIMIT = 4_000_000
"""Characters of rendered descriptions that stay in memory."""

DESCRIBED_LIMIT = 1_000_000
"""Characters of descriptions found in files that stay in memory."""

LOOKED_AT = 50
"""Files kept last among which the highest release is sought."""

TRIED = 5
"""Files that are read in search of a description."""


class Descriptions:
    """Finds and renders. ``renderer`` is a workshop for nothing else (`rendering_workshop`)."""

    def __init__(
        self,
        *,
        files: FileStore,
        documents: JsonDocumentStore,
        local: LocalRepository | None,
        workshop: Workshop,
        renderer: Workshop,
    ) -> None:
        self._files = files
        self._documents = documents
        self._local = local
        self._workshop = workshop
        self._renderer = renderer
        self._described = BoundedCache[str, Description](DESCRIBED_LIMIT, lambda found: 500 + len(found.text))
        self._rendered = BoundedCache[str, RenderedText](RENDERED_LIMIT, lambda rendered: len(rendered.html))
        self._rendering: dict[str, asyncio.Task[RenderedText]] = {}

    async def find(self, view: ProjectView) -> Description | None:
        """What a project says of itself, as far as that is known here. Raises `StorageError`."""
        project, page = view.project, view.page
        if self._local is not None and self._local.has(project):
            return await self._of_local(project)
        if page is not None and page.upstream_id is not None:
            found = await self._of_document(project, page.upstream_id, page.upstream)
            if found is not None:
                return found
        last = heapq.nlargest(LOOKED_AT, view.explanation.kept.files, key=lambda file: file.kept_at)
        by_name = {file.filename: file for file in last}
        for filename in _best(by_name, project):
            found = await self._of_file(project, by_name[filename])
            if found is not None:
                return found
        return None

    async def render(self, description: Description, *, wait: float | None = None) -> RenderedText | None:
        """The description as HTML; ``None`` where that takes longer than ``wait`` seconds: it goes on, so ask again."""
        made_of = f"{description.markup} {description.variant} {description.text}"
        key = hashlib.sha256(made_of.encode(errors="surrogatepass")).hexdigest()
        rendered = self._rendered.get(key)
        if rendered is not None:
            return rendered
        task = self._rendering.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._render(key, description))
            self._rendering[key] = task
            task.add_done_callback(lambda _: self._rendering.pop(key, None))
        done, _ = await asyncio.wait({task}, timeout=wait)
        return task.result() if done else None

    async def close(self) -> None:
        """Let go of what is being rendered."""
        tasks = list(self._rendering.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._renderer.close()

    async def _render(self, key: str, description: Description) -> RenderedText:
        if description.markup == "plain":
            rendered = plain_text(description.text)
        else:
            try:
                rendered = await self._renderer.run(
                    len(description.text), render_text, description.text, description.markup, description.variant
                )
            except Exception as error:  # too long, too much for the process, or a defect that a text found there
                log.warning("the description in %s is shown as plain text: %r", description.source, error)
                rendered = plain_text(description.text)
        self._rendered.put(key, rendered)
        return rendered

    async def _of_document(self, project: NormalizedName, upstream_id: int, upstream: str) -> Description | None:
        tag = self._documents.tag_of(upstream_id, project)
        body = self._documents.body(tag) if tag is not None else None
        if tag is None or body is None:
            return None
        found = self._described.get(tag)
        if found is None:
            size = len(body) * COMPRESSION_GUESS
            found = await self._workshop.run(size, describe_document, body, upstream, project)
            self._keep(tag, found)
        return found

    async def _of_file(self, project: NormalizedName, file: KeptFile) -> Description | None:
        key = f"{project} {file.sha256}"
        found = self._described.get(key)
        if found is None:
            stored = self._files.find(project, file.filename, file.sha256)
            if stored is not None:
                found = await asyncio.to_thread(describe_distribution, stored.path, file.filename, project)
                self._keep(key, found)
        return found

    async def _of_local(self, project: NormalizedName) -> Description | None:
        assert self._local is not None
        for filename in _best(self._local.filenames(project), project):
            path: Path | None = self._local.path_of(project, filename)
            if path is not None:
                found = await asyncio.to_thread(describe_distribution, path, filename, project)
                if found is not None:
                    return found
        return None

    def _keep(self, key: str, found: Description | None) -> None:
        if found is not None:
            self._described.put(key, found)


def rendering_workshop() -> Workshop:
    """A workshop in whose process everything runs, whatever its size, and never for long."""
    return Workshop(inline_below=0, thread_below=0, process_limit=RENDER_SECONDS)


def _best(filenames: Iterable[str], project: NormalizedName) -> Sequence[str]:
    """Those that can be read, the highest release first, and of each the quickest to read."""

    def order(filename: str) -> tuple[object, ...]:
        version = version_of(filename.removesuffix(METADATA_SUFFIX), project)
        quick = 2 if filename.endswith(METADATA_SUFFIX) else 1 if filename.endswith(".whl") else 0
        return version_order(version or ""), quick

    readable = [name for name in filenames if name.endswith((METADATA_SUFFIX, ".whl", ".tar.gz", ".zip"))]
    return sorted(readable, key=order, reverse=True)[:TRIED]
