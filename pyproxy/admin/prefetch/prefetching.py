"""A prefetch from its beginning to its end: pages, then what is here, then what is to be fetched.

It may end at any moment: what has come by then is whole and kept, and doing it again goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from pyproxy.admin.prefetch.asking import Asking
from pyproxy.admin.prefetch.completeness import Completeness
from pyproxy.admin.prefetch.fetching import Fetching
from pyproxy.admin.prefetch.model import Asked, Progress, ProjectAsked, Report, WantedFile
from pyproxy.admin.prefetch.pages import Pages
from pyproxy.admin.prefetch.planning import Plan, plan, unlisted
from pyproxy.admin.prefetch.sources import Source
from pyproxy.errors import PyproxyError
from pyproxy.repositories.packages import PackageRepository
from pyproxy.repositories.workshop import Workshop
from pyproxy.storage.files import FileStore

T = TypeVar("T")
R = TypeVar("R")


class Prefetching:
    """One prefetch; ``report``, as `prepare` began it, and ``progress`` tell at any moment how far it is.

    ``max_size`` is in bytes.
    """

    def __init__(
        self,
        repository: PackageRepository,
        workshop: Workshop,
        files: FileStore,
        asked: Asked,
        report: Report,
        *,
        max_size: int | None,
    ) -> None:
        self._asked = asked
        self.report = report
        self.progress = Progress()
        self._pageless: dict[str, str] = {}
        self._files = files
        self._pages = Pages(repository, workshop)
        self._completeness = Completeness(repository)
        self._fetching = Fetching(repository, files, self.progress, max_size=max_size)

    async def run(self, asking: Asking) -> None:
        """Do it; what concerns one file or project only is in the report. Raises `StorageError`."""
        self.progress.total_projects = len(asking.projects)
        plans = await self._at_once(self._plan, asking.projects.values())
        self.report.outcomes += dict.fromkeys(failed for each in plans for failed in each.failed)
        wanted = {file.key: file for each in plans for file in each.wanted}
        missing = await self._look(wanted.values())
        self._note_pageless()
        if self._asked.dry_run:
            self.report.outcomes += [self._fetching.would(file) for file in missing]
        else:
            self._begin_fetching(missing)
            await self._at_once(self._fetch, missing)
            self._look_again()
            self.report.notes += await self._completeness.notes(chosen for each in plans for chosen in each.chosen)
            await self._files.flush_uses()
        self.report.complete = True

    async def _plan(self, project: ProjectAsked) -> Plan:
        try:
            listing = await self._pages.listing(project.project)
            if listing.may_be_old and plan(project, listing, self._asked).lacks:
                listing = await self._pages.newer(project.project)
        except PyproxyError as error:
            self._pageless[project.project] = str(error)
            return unlisted(project, str(error))
        finally:
            self.progress.projects += 1
        return plan(project, listing, self._asked)

    async def _look(self, wanted: Iterable[WantedFile]) -> list[WantedFile]:
        """The files that are neither here nor without room; before the first is fetched, for that makes others go."""
        absent = []
        for file in wanted:
            outcome = await self._fetching.here(file)
            if outcome is None:
                absent.append(file)
            else:
                self.report.outcomes.append(outcome)
        missing = []
        for file in absent:
            without_room = self._fetching.has_room(file)
            if without_room is None:
                missing.append(file)
            else:
                self.report.outcomes.append(without_room)
        return missing

    def _note_pageless(self) -> None:
        """Whoever installs from the page, not from the lock's addresses, does not find what is here."""
        for project in dict.fromkeys(each.project for each in self.report.of("here") if each.project in self._pageless):
            reason = self._pageless[project]
            self.report.notes.append(f"{project}: its files are here, but its page could not be had: {reason}")

    def _begin_fetching(self, missing: list[WantedFile]) -> None:
        sizes = [file.size for file in missing]
        self.progress.total_files = len(missing)
        self.progress.total_bytes = None if None in sizes else sum(size or 0 for size in sizes)
        self.progress.fetching = True

    async def _fetch(self, file: WantedFile) -> None:
        self.report.outcomes.append(await self._fetching.fetch(file))
        self.progress.files += 1

    def _look_again(self) -> None:
        self.report.outcomes = [self._fetching.gone(outcome) or outcome for outcome in self.report.outcomes]

    async def _at_once(self, work: Callable[[T], Awaitable[R]], things: Iterable[T]) -> list[R]:
        """What ``work`` makes of each thing, so many at a time as may be."""
        turns = asyncio.Semaphore(self._asked.jobs)

        async def one(thing: T) -> R:
            async with turns:
                return await work(thing)

        return await asyncio.gather(*map(one, things))


def prepare(asked: Asked, sources: Iterable[Source]) -> tuple[Asking, Report]:
    """What files that were read ask for, and what they leave out. Raises `ConfigurationError`."""
    asking, report = Asking(asked), Report()
    for source in sources:
        asking.take(source)
        report.skipped += source.skipped
        report.notes += source.notes
    report.skipped += asking.skipped
    report.outcomes += asking.failed
    return asking, report
