"""What the pages of one project are made from: frozen values, made of the read models, bounded in size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyproxy.admin.cache.purging import Remembered
from pyproxy.admin.explanation.model import Explanation, FileView
from pyproxy.admin.explanation.wording import Section
from pyproxy.admin.projects.description import Description
from pyproxy.admin.projects.rendering import RenderedText
from pyproxy.admin.projects.telling import Told
from pyproxy.admin.projects.view import ProjectView
from pyproxy.handlers.admin.project_tables import FileRow, ReleaseRows, row_weight, weight
from pyproxy.handlers.home import HomePage

INLINE_PAGE = 62_000
"""Bytes of tables and description up to which the description is put into the page."""

DESCRIPTION_BYTES = 90_000
"""Of HTML; a longer description ends there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPage:
    """Everything about one project. ``html`` is the description, where there is one and it is small enough.

    ``unlisted`` are kept files that the page does not list, some of ``view.all_unlisted``. ``now`` in unix seconds.
    """

    view: ProjectView
    told: Told
    home: HomePage
    releases: tuple[ReleaseRows, ...]
    unlisted: tuple[FileRow, ...]
    description: Description | None
    html: str | None
    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFilePage:
    """One file: ``section`` tells about it; ``address`` is its name as a query has it."""

    explanation: Explanation
    file: FileView
    section: Section
    address: str

    @property
    def kept(self) -> bool:
        """Whether there is something to purge: a copy, or a recorded hash."""
        recorded = any(listing.recorded_sha256 for listing in self.file.listings)
        return bool(self.file.copies or recorded or self.file.failures)


@dataclass(frozen=True, slots=True, kw_only=True)
class DescriptionPage:
    """The description alone; ``None``: nothing of the kind is kept, or it takes too long to render."""

    project: str
    description: Description | None
    html: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgePage:
    """What would be forgotten. ``first`` are names of files that go, some of all; ``local``: it has local files."""

    project: str
    filename: str | None
    remembered: Remembered
    first: tuple[tuple[str, int], ...]
    local: bool
    now: float

    @property
    def bytes(self) -> int:
        """Of all files that go."""
        return sum(file.size for file in self.remembered.files)


def inline_html(
    rendered: RenderedText | None, releases: Iterable[ReleaseRows], unlisted: Iterable[FileRow]
) -> str | None:
    """A description for a page that has these rows as well; ``None`` where it would become too large."""
    if rendered is None:
        return None
    taken = sum(map(weight, releases)) + sum(map(row_weight, unlisted))
    return rendered.html if len(rendered.html.encode()) + taken <= INLINE_PAGE else None
