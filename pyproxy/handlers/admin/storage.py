"""``/admin/storage``: how full it is and of what, the work under way, and the form that begins a prune."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyproxy.admin.storage.overview import StorageOverview
from pyproxy.admin.storage.prune import Prune
from pyproxy.admin.storage.storage_jobs import StorageJobs
from pyproxy.admin.storage.verification import Verification
from pyproxy.handlers.admin.base import AdminHandler
from pyproxy.handlers.admin.prune_form import PruneForm

UPSTREAMS = 50
"""Upstreams in the table, in their order, removed ones last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsPart:
    """The work on the storage, whichever process does it; ``now`` in unix seconds.

    ``verified`` is the last verification that ended, ``verification`` and ``prune`` the newest of all.
    """

    verification: Verification | None
    verified: Verification | None
    prune: Prune | None
    now: float

    @property
    def is_busy(self) -> bool:
        """Whether anything is under way."""
        return any(job is not None and job.outcome is None for job in (self.verification, self.prune))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoragePage:
    """The whole page. ``form`` is the empty form of a prune."""

    overview: StorageOverview
    jobs: JobsPart
    upstreams: int = UPSTREAMS
    form: PruneForm = field(default_factory=PruneForm)


class StorageHandler(AdminHandler):
    """The page; with ``part=jobs`` how far the work is, for a script that asks again and again."""

    here = "storage"

    async def get(self) -> None:
        jobs = _jobs_part(self.admin.holdings.jobs, self.services.clock())
        if self.asked("part") == "jobs":
            self.send_part("_storage_jobs.html", jobs)
            return
        overview = await self.admin.holdings.storage.look()
        self.send_admin_page("storage.html", StoragePage(overview=overview, jobs=jobs))


def _jobs_part(jobs: StorageJobs, now: float) -> JobsPart:
    return JobsPart(verification=jobs.verification(), verified=jobs.last_verification(), prune=jobs.prune(), now=now)
