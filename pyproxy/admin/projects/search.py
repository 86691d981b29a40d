"""Search as you type, over all that is known: projects with pages, with kept files, and local ones.

A project is found by any part of its name, in any spelling. What the database knows comes from its index of projects;
local projects lie in memory, so those that it does not know are merged in on the way.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import get_args

from pyproxy.admin.projects.cursor import Cursor
from pyproxy.errors import NotAnswered, ProjectNotAdmitted
from pyproxy.repositories.base import LOCAL
from pyproxy.repositories.local import LocalRepository
from pyproxy.repositories.priority import PriorityRepository
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.aside import aside
from pyproxy.storage.database import Database
from pyproxy.storage.projects import Place, ProjectIndex, ProjectTotals, Sort, Stretch, place_of

SORTS: tuple[Sort, ...] = get_args(Sort)

PAGE_SIZE = 50
LARGEST_PAGE = 1000
LONGEST_TEXT = 200
"""Characters; no name has more."""

_SEPARATORS = re.compile(r"[-_.\s]+")
_PART_OF_A_NAME = re.compile(r"[a-z0-9-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundProject:
    """One project as a line of the list.

    ``owner`` is the upstream whose page is served while all is well: the most trusted one that may be asked for it and
    whose newest answer is a page; ``"local"`` for local projects; ``None`` where only kept files are left.
    ``local_files`` counts those in the local directory.
    """

    totals: ProjectTotals
    owner: str | None
    local_files: int = 0

    @property
    def name(self) -> str:
        return self.totals.project

    @property
    def local(self) -> bool:
        """Whether it is answered from the local directory alone."""
        return self.local_files > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPage:
    """A page of the list. ``total`` projects match; ``first`` is the number of the first one here, from 1, or so.

    ``text`` is what was sought, normalised; ``before`` and ``after`` lead to the pages beside this one.
    """

    text: str
    sort: Sort
    projects: tuple[FoundProject, ...]
    total: int
    first: int
    before: Cursor | None
    after: Cursor | None


class ProjectSearch:
    """Finds projects. ``priority`` gives the upstreams as they are now."""

    def __init__(
        self, database: Database, priority: Callable[[], PriorityRepository], local: LocalRepository | None
    ) -> None:
        self._database = database
        self._priority = priority
        self._local = local

    async def search(
        self, text: str = "", sort: Sort = "uses", *, cursor: Cursor | None = None, size: int = PAGE_SIZE
    ) -> FoundPage:
        """The projects with the text in their names, a page of them; a hostile text finds none.

        ``cursor`` must be of the same order. Raises `StorageError`.
        """
        sought = folded(text)
        local = self._local_names(sought)
        size = max(1, min(size, LARGEST_PAGE))
        look = partial(_look, text=sought, sort=sort, cursor=cursor, size=size, local=local)
        looked = await aside(self._database, look)
        if cursor is not None and cursor.backwards and not looked.more:
            return await self.search(text, sort, size=size)  # the first page is a whole one
        found = tuple(self._found(totals, looked.owners) for totals in looked.rows)
        return _page(found, looked, sought, sort, cursor)

    def _local_names(self, sought: str | None) -> list[str]:
        if self._local is None or sought is None:
            return []
        return [name for name in self._local.names() if sought in name]

    def _found(self, totals: ProjectTotals, owners: dict[str, frozenset[int]]) -> FoundProject:
        project = NormalizedName(totals.project)
        files = 0 if self._local is None else len(self._local.filenames(project))
        owner = LOCAL if files else self._owner(project, owners.get(project, frozenset()))
        return FoundProject(totals=totals, owner=owner, local_files=files)

    def _owner(self, project: NormalizedName, having: frozenset[int]) -> str | None:
        if not having:
            return None
        try:
            admitted = self._priority().admitted(project)
        except (NotAnswered, ProjectNotAdmitted):
            return None
        return next((upstream.name for upstream in admitted if upstream.upstream_id in having), None)


def sort_named(text: str) -> Sort:
    """The order of this name; by uses for any other text."""
    return next((sort for sort in SORTS if sort == text), SORTS[1])


def folded(text: str) -> str | None:
    """The text as it may stand in a normalised name; ``None`` for what stands in none.

    >>> folded(" My_Tool.X ")
    'my-tool-x'
    """
    stripped = text.strip()
    # Some letters of other scripts become ASCII when they are lowered, and still are in no name.
    if len(stripped) > LONGEST_TEXT or not stripped.isascii():
        return None
    sought = _SEPARATORS.sub("-", stripped).lower()
    return sought if _PART_OF_A_NAME.fullmatch(sought) else None


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was read: a page of rows in order, whether more follow in the direction of reading, and the total."""

    rows: Sequence[ProjectTotals]
    more: bool
    total: int
    owners: dict[str, frozenset[int]]


def _look(
    database: Database, *, text: str | None, sort: Sort, cursor: Cursor | None, size: int, local: list[str]
) -> _Looked:
    if text is None:
        return _Looked((), False, 0, {})
    index = ProjectIndex(database)
    wanted = Stretch(text=text, sort=sort, limit=size + 1)
    if cursor is not None:
        wanted = replace(wanted, after=cursor.place, backwards=cursor.backwards)
    rows = index.stretch(wanted)
    # The first page of a rare text says already how many there are.
    count = len(rows) if cursor is None and len(rows) <= size else index.count(text)
    if local:
        known = {each.project for each in index.of(local)}
        unknown = [ProjectTotals(project=name) for name in local if name not in known]
        count += len(unknown)
        rows = _merged(rows, unknown, wanted)
    more, rows = len(rows) > size, rows[:size]
    if wanted.backwards:
        rows.reverse()
    return _Looked(rows, more, count, index.page_owners(each.project for each in rows))


def _merged(
    rows: Sequence[ProjectTotals], others: Iterable[ProjectTotals], wanted: Stretch
) -> list[ProjectTotals]:
    """The rows with others in their places, as many as are wanted."""

    def order(place: Place) -> tuple[float, str]:
        return -place.key, place.project

    def rank(totals: ProjectTotals) -> tuple[float, str]:
        return order(place_of(totals, wanted.sort))

    after = None if wanted.after is None else order(wanted.after)
    if wanted.backwards:
        fitting = [each for each in others if after is None or rank(each) < after]
    else:
        fitting = [each for each in others if after is None or rank(each) > after]
    fitting.sort(key=rank, reverse=wanted.backwards)
    return list(heapq.merge(rows, fitting, key=rank, reverse=wanted.backwards))[: wanted.limit]


def _page(
    found: tuple[FoundProject, ...], looked: _Looked, text: str | None, sort: Sort, cursor: Cursor | None
) -> FoundPage:
    backwards = cursor is not None and cursor.backwards
    passed = cursor.passed if cursor is not None else 0
    if backwards:
        passed = max(0, passed - len(found))
    before = after = None
    if cursor is not None:
        first = place_of(found[0].totals, sort) if found else cursor.place
        before = Cursor(sort, first, passed, backwards=True)
    if found and (backwards or looked.more):
        after = Cursor(sort, place_of(found[-1].totals, sort), passed + len(found))
    return FoundPage(
        text=text or "", sort=sort, projects=found, total=looked.total, first=passed + 1, before=before, after=after
    )
