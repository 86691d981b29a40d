"""The pages of projects, decided as for every request, read for planning."""

from __future__ import annotations

from pyproxy.admin.cache.refreshing import ANSWER_SECONDS
from pyproxy.admin.prefetch.planning import Listing
from pyproxy.errors import PageGone
from pyproxy.repositories.base import LOCAL
from pyproxy.repositories.packages import PackageRepository
from pyproxy.repositories.rendering import COMPRESSION_GUESS
from pyproxy.repositories.resolution import Freshness, Outcome
from pyproxy.repositories.workshop import Workshop
from pyproxy.simple import canonical
from pyproxy.simple.model import NormalizedName, ProjectDetail
from pyproxy.simple.packing import unpack


class Pages:
    """Asks for pages; each is kept as after a request for it."""

    def __init__(self, repository: PackageRepository, workshop: Workshop) -> None:
        self._repository = repository
        self._workshop = workshop

    async def listing(self, project: NormalizedName) -> Listing:
        """The project's page. Raises as `Repository.get_project_detail` does."""
        try:
            return await self._listing(project)
        except PageGone:  # replaced at this very moment
            return await self._listing(project)

    async def newer(self, project: NormalizedName) -> Listing:
        """The same once the upstreams were asked again; what is known counts on where one cannot be asked."""
        priority = self._repository.priority
        for source in priority.admitted(project):
            if await priority.ask_again(source, project, ANSWER_SECONDS) is not Outcome.MISSING:
                break
        priority.forget(project)
        return await self.listing(project)

    async def _listing(self, project: NormalizedName) -> Listing:
        page = await self._repository.get_project_detail(project)
        body = page.body()
        detail = await self._workshop.run_in_thread(len(body) * COMPRESSION_GUESS, read_detail, body)
        local = page.upstream == LOCAL
        may_be_old = not local and page.freshness is Freshness.HIT and not self._repository.priority.offline
        return Listing(page.upstream, detail, page.recorded, page.offered, local=local, may_be_old=may_be_old)


def read_detail(canonical_z: bytes) -> ProjectDetail:
    """The page out of its stored form."""
    return canonical.decode(unpack(canonical_z))
