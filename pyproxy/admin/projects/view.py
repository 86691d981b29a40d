"""One project as an administrator looks at it: who answers for it and why, its releases and files, what is kept."""

from __future__ import annotations

from dataclasses import dataclass

from pyproxy.admin.explanation.model import Explanation
from pyproxy.admin.projects.releases import ListedFile
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.kept import KeptFile
from pyproxy.storage.projects import ProjectTotals


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """A listed file, and the copy of it that is kept, with its uses; local files are here anyway."""

    listed: ListedFile
    kept: KeptFile | None

    @property
    def uses(self) -> int:
        """How often the copy was served."""
        return 0 if self.kept is None else self.kept.uses


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseView:
    """A release with its files, or some of many: the fields are those of `releases.ListedRelease`."""

    version: str | None
    files: tuple[FileLine, ...]
    all_files: int
    begun: bool
    yanked: bool
    yanked_reason: str | None
    uploaded: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """The releases of a project page, a window of them; see `releases.Window`.

    ``upstream`` is whose page it is, ``"local"`` (without an id) for local files. ``serves``: it is what clients get.
    """

    upstream: str
    upstream_id: int | None
    serves: bool
    releases: tuple[ReleaseView, ...]
    number: int
    windows: int
    all_releases: int
    all_files: int
    status: str | None
    status_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectView:
    """One project. ``page`` is ``None`` where no upstream's page is known.

    ``unlisted`` are kept files that the page does not list, some of ``all_unlisted``.
    """

    explanation: Explanation
    totals: ProjectTotals
    page: PageView | None
    unlisted: tuple[KeptFile, ...]
    all_unlisted: int

    @property
    def project(self) -> NormalizedName:
        return self.explanation.project

    @property
    def is_known(self) -> bool:
        """Whether anything at all is known of the name here."""
        return self.explanation.is_known
