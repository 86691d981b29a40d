"""Looks at one project: the explanation, its owner's page window by window, and what is kept of it. Nobody is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from pyproxy.admin.explanation.explainer import Explainer
from pyproxy.admin.explanation.model import Explanation
from pyproxy.admin.projects.releases import UNLISTED_NAMED, KeptKey, ListedRelease, Window, kept_key, read_windows
from pyproxy.admin.projects.view import FileLine, PageView, ProjectView, ReleaseView
from pyproxy.errors import PageGone, PyproxyError
from pyproxy.repositories.base import LOCAL, tag_of
from pyproxy.repositories.bounded_cache import BoundedCache
from pyproxy.repositories.packages import PackageRepository
from pyproxy.repositories.rendering import COMPRESSION_GUESS
from pyproxy.repositories.upstream_pages import UpstreamPages
from pyproxy.repositories.workshop import Workshop
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.aside import aside
from pyproxy.storage.database import Database
from pyproxy.storage.kept import KeptFile
from pyproxy.storage.project_files import ProjectFiles
from pyproxy.storage.projects import ProjectIndex, ProjectTotals

KEPT_LOADED = 200
"""Kept files that the explanation has, of a project that may have thousands."""

WINDOWS_LIMIT = 10_000
"""Files in windows that stay in memory; each is some hundreds of bytes."""

_Key = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True)
class _Body:
    """A stored page: whose, its canonical form, and the sha256 that were learned for it."""

    upstream: str
    upstream_id: int | None
    tag: str
    canonical_z: bytes = field(repr=False)
    recorded: Mapping[str, str]


class ProjectLook:
    """Looks at projects. ``repository`` and ``explainer`` give the parts as they are now."""

    def __init__(
        self,
        database: Database,
        *,
        repository: Callable[[], PackageRepository],
        explainer: Callable[[], Explainer],
        workshop: Workshop,
    ) -> None:
        self._database = database
        self._repository = repository
        self._explainer = explainer
        self._workshop = workshop
        self._windows = BoundedCache[_Key, Window](WINDOWS_LIMIT, _weight)

    async def look(self, given: str, number: int = 1) -> ProjectView:
        """The project of this name in any spelling, with one window of its releases, the newest first.

        A number beyond the last window gives the last one. Raises `InvalidProjectName` and `StorageError`.
        """
        explanation = await self._explainer().explain(given, kept_limit=KEPT_LOADED)
        project, kept = explanation.project, explanation.kept
        body = await self._body(explanation)
        totals, keys = await aside(self._database, partial(_known, project=project))
        if body is None:
            unlisted = kept.files[:UNLISTED_NAMED]
            return ProjectView(
                explanation=explanation, totals=totals, page=None, unlisted=unlisted, all_unlisted=kept.names
            )
        window = await self._window(body, keys, totals, number)
        filenames = {file.filename for release in window.releases for file in release.files}
        filenames |= {key.partition(" ")[2] for key in window.unlisted}
        named = await aside(self._database, partial(_named, project=project, filenames=filenames))
        return ProjectView(
            explanation=explanation,
            totals=totals,
            page=_page_view(body, window, named, serves=body.upstream == explanation.owner),
            unlisted=tuple(named[key] for key in window.unlisted if key in named),
            all_unlisted=window.all_unlisted,
        )

    def is_local(self, project: NormalizedName) -> bool:
        """Whether it has local files."""
        local = self._repository().local
        return local is not None and local.has(project)

    async def explain(self, given: str, filename: str | None = None) -> Explanation:
        """The explanation alone; with a ``filename``, of this file, too.

        Raises `InvalidProjectName`, `InvalidFilename` and `StorageError`.
        """
        return await self._explainer().explain(given, filename, kept_limit=KEPT_LOADED)

    async def _window(self, body: _Body, kept: Sequence[KeptKey], totals: ProjectTotals, number: int) -> Window:
        # Whatever is kept or goes changes these two.
        of_kept = f"{totals.files} {totals.bytes}"
        content = body.tag, tag_of(body.recorded), of_kept
        window = self._windows.get((*content, number))
        if window is None:
            size = len(body.canonical_z) * COMPRESSION_GUESS
            windows = await self._workshop.run(
                size, read_windows, body.canonical_z, dict(body.recorded), kept, number
            )
            for window in reversed(windows):
                self._windows.put((*content, window.number), window)
            window = windows[0]
        return window

    async def _body(self, explanation: Explanation) -> _Body | None:
        """The page that is served, else the one that the most trusted upstream had last."""
        project = explanation.project
        if explanation.owner == LOCAL:
            return await self._local_body(project)
        by_name = {upstream.name: upstream for upstream in self._repository().priority.upstreams}
        names = [explanation.owner, *(view.name for view in explanation.upstreams)]
        for name in names:
            upstream = by_name.get(name or "")
            body = None if upstream is None else _known_body(upstream, project)
            if body is not None:
                return body
        return None

    async def _local_body(self, project: NormalizedName) -> _Body | None:
        local = self._repository().local
        if local is None:
            return None
        try:
            page = await local.get_project_detail(project)
            return _Body(LOCAL, None, page.tag, page.body(), {})
        except PyproxyError:  # its files cannot be read, or were just taken away
            return None


def _known_body(upstream: UpstreamPages, project: NormalizedName) -> _Body | None:
    known = upstream.known_page(project)
    if known is None or known.tag is None:
        return None
    try:
        body, recorded = upstream.page_body(known.tag), upstream.recorded_hashes(project)
        return _Body(upstream.name, upstream.upstream_id, known.tag, body, recorded)
    except PageGone:  # replaced at this very moment
        return None


def _known(database: Database, *, project: NormalizedName) -> tuple[ProjectTotals, list[KeptKey]]:
    totals = next(iter(ProjectIndex(database).of([project])), ProjectTotals(project=project))
    return totals, [KeptKey(key) for key in ProjectFiles(database).keys(project)]


def _named(database: Database, *, project: NormalizedName, filenames: Iterable[str]) -> dict[KeptKey, KeptFile]:
    files = ProjectFiles(database).named(project, filenames)
    return {kept_key(file.filename, file.sha256): file for file in files}


def _weight(window: Window) -> int:
    return 1 + len(window.unlisted) + sum(len(release.files) for release in window.releases)


def _page_view(body: _Body, window: Window, kept: Mapping[KeptKey, KeptFile], *, serves: bool) -> PageView:
    return PageView(
        upstream=body.upstream,
        upstream_id=body.upstream_id,
        serves=serves,
        releases=tuple(_release(release, kept) for release in window.releases),
        number=window.number,
        windows=window.windows,
        all_releases=window.all_releases,
        all_files=window.all_files,
        status=window.status,
        status_reason=window.status_reason,
    )


def _release(release: ListedRelease, kept: Mapping[KeptKey, KeptFile]) -> ReleaseView:
    files = (
        FileLine(listed=file, kept=kept.get(kept_key(file.filename, file.sha256 or ""))) for file in release.files
    )
    return ReleaseView(
        version=release.version,
        files=tuple(files),
        all_files=release.all_files,
        begun=release.begun,
        yanked=release.yanked,
        yanked_reason=release.yanked_reason,
        uploaded=release.uploaded,
    )
