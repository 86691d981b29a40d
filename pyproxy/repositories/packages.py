"""The whole of it: local files first, then the upstreams. What the handlers ask."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pyproxy.errors import FileNotListed
from pyproxy.repositories.base import FileContent, FileRequest, ProjectPage
from pyproxy.repositories.files import UpstreamFiles
from pyproxy.repositories.local import LocalRepository
from pyproxy.repositories.priority import PriorityRepository
from pyproxy.simple.model import NormalizedName, ProjectList
from pyproxy.storage.pages import PageStore


def _merged(seen: Sequence[NormalizedName], local: Sequence[NormalizedName]) -> ProjectList:
    return ProjectList(names=tuple(sorted({*seen, *local}) if local else seen))


@dataclass(frozen=True, slots=True)
class PackageRepository:
    """A `base.Repository`: a project that is local is answered from here alone, and its name stays here."""

    local: LocalRepository | None
    priority: PriorityRepository
    files: UpstreamFiles
    pages: PageStore

    async def get_project_list(self) -> ProjectList:
        """Local projects, and those of which some upstream has shown a page."""
        seen = await self.pages.list_projects()
        local = () if self.local is None else self.local.names()
        # In a thread: sorting hundreds of thousands of names would hold everybody else up.
        return await asyncio.get_running_loop().run_in_executor(None, _merged, seen, local)

    async def get_project_detail(self, project: NormalizedName) -> ProjectPage:
        """The project's page from its owner."""
        if self.local is not None and self.local.has(project):
            return await self.local.get_project_detail(project)
        return await self.priority.get_project_detail(project)

    async def get_file(self, request: FileRequest) -> FileContent:
        """The file from where its page came from.

        For a project that became local, a copy that was verified before still answers to its old link.
        """
        if self.local is None or not self.local.has(request.project):
            return await self.files.get_file(request)
        try:
            return await self.local.get_file(request)
        except FileNotListed:
            cached = await self.files.cached(request)
            if cached is None:
                raise
            return cached
