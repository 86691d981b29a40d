"""The files of a project, release by release."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from pyproxy.admin.projects.view import FileLine, ProjectView, ReleaseView
from pyproxy.handlers.api.moments import Moment, answer_of
from pyproxy.handlers.api.operation import Call, operation
from pyproxy.handlers.api.paging import Listing
from pyproxy.handlers.api.projects import ProjectName


class FilesQuery(msgspec.Struct, kw_only=True, frozen=True):
    """Which part of the list. A page of it has up to 50 releases, or 100 files."""

    cursor: Annotated[
        Annotated[str, Meta(pattern="^[1-9][0-9]{0,8}$")] | None, Meta(description="`next` of the page before.")
    ] = None


class Copy(msgspec.Struct, kw_only=True, frozen=True):
    """A cached copy of a file."""

    filename: str
    size: int
    sha256: str
    upstream: str
    kept_at: Moment
    last_used: Moment
    uses: int


class ListedFile(msgspec.Struct, kw_only=True, frozen=True):
    """A file as its project's page lists it."""

    filename: str
    version: Annotated[str | None, Meta(description="Its release; null where its name tells none.")]
    size: int | None
    sha256: str | None
    recorded: Annotated[bool, Meta(description="The index lists no sha256; it was learned at the first download.")]
    upload_time: str | None
    requires_python: str | None
    yanked: bool
    yanked_reason: str | None
    metadata: Annotated[bool, Meta(description="There is a metadata file beside it (PEP 658).")]
    cached: Copy | None


class ProjectFiles(Listing[ListedFile], kw_only=True, frozen=True):
    """Files of a project, the newest release first; none where no page of it is known."""

    project: str
    upstream: Annotated[str | None, Meta(description="Whose page lists them: an upstream, or `local`.")]
    serves: Annotated[bool, Meta(description="This page is what clients get.")]
    files: Annotated[int, Meta(description="How many the page lists.")]
    releases: int
    status: Annotated[str | None, Meta(description="The project's status (PEP 792), where its index tells one.")]
    status_reason: str | None
    unlisted: Annotated[list[Copy], Meta(description="Cached files that the page does not list, 100 at most.")]


async def list_project_files(call: Call, name: ProjectName, query: FilesQuery) -> ProjectFiles:
    """List the files of a project with size, hash, upload time, yanked or not, cached or not."""
    view = await call.admin.holdings.projects.look(name, int(query.cursor or "1"))
    page = view.page
    more = page is not None and page.number < page.windows
    return ProjectFiles(
        project=view.project,
        upstream=None if page is None else page.upstream,
        serves=page is not None and page.serves,
        files=0 if page is None else page.all_files,
        releases=0 if page is None else page.all_releases,
        status=None if page is None else page.status,
        status_reason=None if page is None else page.status_reason,
        items=_items(view),
        next=str(page.number + 1) if page is not None and more else None,
        unlisted=[answer_of(Copy, file) for file in view.unlisted],
    )


def _items(view: ProjectView) -> list[ListedFile]:
    releases = () if view.page is None else view.page.releases
    return [_file(release, line) for release in releases for line in release.files]


def _file(release: ReleaseView, line: FileLine) -> ListedFile:
    listed = line.listed
    return ListedFile(
        filename=listed.filename,
        version=release.version,
        size=listed.size,
        sha256=listed.sha256,
        recorded=listed.recorded,
        upload_time=listed.upload_time,
        requires_python=listed.requires_python,
        yanked=listed.yanked,
        yanked_reason=listed.yanked_reason,
        metadata=listed.metadata,
        cached=None if line.kept is None else answer_of(Copy, line.kept),
    )


OPERATIONS = (operation("GET", "/projects/{name}/files", list_project_files),)
