"""The whole of it: local files first, then the upstreams. What the handlers ask."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from pyproxy.errors import FileNotListed, PageGone
from pyproxy.repositories.base import FileContent, FileRequest, JsonAnswer, ListAnswer, ProjectPage
from pyproxy.repositories.content import BytesContent
from pyproxy.repositories.files import UpstreamFiles
from pyproxy.repositories.json_api.documents import LegacyJson
from pyproxy.repositories.local import LocalRepository
from pyproxy.repositories.look_ahead import LookAhead
from pyproxy.repositories.metadata_at_hand import MetadataAtHand
from pyproxy.repositories.priority import PriorityRepository
from pyproxy.repositories.project_lists.known_list import ProjectLists
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import is_metadata
from pyproxy.simple.negotiate import Format


@dataclass(frozen=True, slots=True)
class PackageRepository:
    """A `base.Repository`: a project that is local is answered from here alone, and its name stays here."""

    local: LocalRepository | None
    priority: PriorityRepository
    files: UpstreamFiles
    lists: ProjectLists
    legacy_json: LegacyJson
    metadata: MetadataAtHand
    look_ahead: LookAhead | None = None

    async def get_project_list(self, format: Format, *, gzip: bool) -> ListAnswer:
        """As ``project_list`` in the configuration says."""
        return await self.lists.get(format, gzip=gzip)

    async def get_project_detail(self, project: NormalizedName) -> ProjectPage:
        """The project's page from its owner."""
        if self.local is not None and self.local.has(project):
            return await self.local.get_project_detail(project)
        return await self.priority.get_project_detail(project)

    def at_hand(self, project: str) -> ProjectPage | None:
        """The page that ``get_project_detail`` would give, decided before; decided by the same two."""
        name = NormalizedName(project)  # they know no other spelling, so one that is not normalised is found nowhere
        if self.local is not None and self.local.has(name):
            return self.local.at_hand(name)
        return self.priority.warm(name)

    def file_at_hand(self, project: str, filename: str, sha256: str, limit: int) -> BytesContent | None:
        """The kept file of at most ``limit`` bytes that ``get_file`` would give, where it can be read at once."""
        name = NormalizedName(project)
        if self.local is not None and self.local.has(name):
            return None
        if is_metadata(filename):
            return self.metadata.get(name, filename, sha256, self.priority.warm(name))
        if not sha256:
            return None
        return self.files.at_hand(name, filename, sha256, limit)

    async def get_project_json(self, project: NormalizedName, version: str | None, base: str) -> JsonAnswer:
        """The legacy JSON API's document, of the page's owner alone."""
        try:
            return await self._project_json(project, version, base)
        except PageGone:  # purged since it was decided
            return await self._project_json(project, version, base)

    async def _project_json(self, project: NormalizedName, version: str | None, base: str) -> JsonAnswer:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.priority.lookup_timeout
        # Decided once, for page and document: a name that is local must not be asked for in between.
        local = self.local if self.local is not None and self.local.has(project) else None
        page = await (local or self.priority).get_project_detail(project)
        time_left = deadline - loop.time()
        return await self.legacy_json.get(page, version, base, local=local is not None, time_left=time_left)

    async def get_file(self, request: FileRequest) -> FileContent:
        """The file from where its page came from.

        For a project that became local, a copy that was verified before still answers to its old link.
        """
        content = await self._file(request)
        if is_metadata(request.filename):
            content = await self.metadata.take(request, content, self.priority.warm(request.project))
            if self.look_ahead is not None and isinstance(content, BytesContent) and not request.head:
                self.look_ahead.after(content)
        return content

    async def _file(self, request: FileRequest) -> FileContent:
        if self.local is None or not self.local.has(request.project):
            return await self.files.get_file(request)
        try:
            return await self.local.get_file(request)
        except FileNotListed:
            cached = await self.files.cached(request)
            if cached is None:
                raise
            return cached
