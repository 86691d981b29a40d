"""What the pages about the cache work with: everything that is held here, by project and as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from pyproxy.admin.projects.actions import ProjectActions
from pyproxy.admin.projects.descriptions import Descriptions
from pyproxy.admin.projects.looking import ProjectLook
from pyproxy.admin.projects.search import ProjectSearch
from pyproxy.admin.storage.overview import StorageLook
from pyproxy.admin.storage.prune_preview import PrunePreviews
from pyproxy.admin.storage.storage_jobs import StorageJobs


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """The read models and actions of one server process."""

    search: ProjectSearch
    projects: ProjectLook
    descriptions: Descriptions
    actions: ProjectActions
    storage: StorageLook
    previews: PrunePreviews
    jobs: StorageJobs

    async def close(self) -> None:
        """End the work under way."""
        await self.jobs.close()
        await self.descriptions.close()
