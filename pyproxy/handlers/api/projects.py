"""Projects: found, explained, refreshed, forgotten."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from pyproxy.admin.cache.purging import Remembered
from pyproxy.admin.explanation.document import document
from pyproxy.admin.projects.cursor import Cursor
from pyproxy.admin.projects.records import purge_record, refresh_record, subject
from pyproxy.admin.projects.search import FoundProject
from pyproxy.handlers.api.explained import ExplainedFile, Explanation, explained
from pyproxy.handlers.api.moments import Moment
from pyproxy.handlers.api.operation import Call, operation
from pyproxy.handlers.api.paging import Listing, PageQuery
from pyproxy.simple.names import check_filename, normalize

ProjectName = Annotated[str, Meta(description="Its name, in any spelling.", examples=["requests"])]
Filename = Annotated[str, Meta(description="A file of it.", examples=["requests-2.32.3-py3-none-any.whl"])]

Sort = Literal["name", "uses", "used", "size", "checked"]


class ProjectsQuery(PageQuery, kw_only=True, frozen=True):
    """Which projects, and in which order."""

    cursor: Annotated[
        Annotated[
            str,
            Meta(
                pattern=r"^(after|before)~(name|uses|used|size|checked)~[0-9]{1,12}"
                r"~[0-9]{1,15}(\.[0-9]{1,10})?~[a-z0-9-]{1,200}$"
            ),
        ]
        | None,
        Meta(description="`next` of the page before; it goes on in the same order, whatever `sort` says."),
    ] = None

    search: Annotated[str, Meta(description="A part of their names, in any spelling.", max_length=200)] = ""
    sort: Annotated[
        Sort,
        Meta(
            description="By name; by uses, most recent use, cached bytes or the last check of the page, "
            "the greatest first."
        ),
    ] = "name"


class Project(msgspec.Struct, kw_only=True, frozen=True):
    """A project of which something is known. `files` and `bytes` are cached."""

    name: str
    owner: Annotated[
        str | None, Meta(description="Whose page is served: an upstream, or `local`; null: files alone are left.")
    ]
    local_files: int
    pages: Annotated[int, Meta(description="Upstreams that have it.")]
    files: int
    bytes: int
    uses: Annotated[int, Meta(description="How often a cached file was served.")]
    last_used: Moment | None
    checked_at: Annotated[Moment | None, Meta(description="When an upstream confirmed its page last.")]


class Projects(Listing[Project], kw_only=True, frozen=True):
    """Projects, and how many there are in all."""

    total: int


class Said(msgspec.Struct, kw_only=True, frozen=True):
    """What one upstream said; `added` and `removed` count files against its page before."""

    upstream: str
    kind: Literal["unchanged", "changed", "new", "missing", "gone", "failed"]
    files: int
    added: int
    removed: int
    reason: Annotated[str, Meta(description="Of a failure; else empty.")]
    stands_in: Annotated[
        Literal["", "page", "none"], Meta(description="What a failed upstream goes on counting as, if anything.")
    ]


class Refreshed(msgspec.Struct, kw_only=True, frozen=True):
    """What came of it."""

    project: str
    ok: Annotated[bool, Meta(description="Whether everybody was asked on whom the answer depends.")]
    owner: Annotated[str | None, Meta(description="The upstream whose page is served now.")]
    local: Annotated[bool, Meta(description="It is local, so nobody was asked.")]
    said: list[Said]
    problem: Annotated[str, Meta(description="Why nobody may be asked; else empty.")]


class PurgeQuery(msgspec.Struct, kw_only=True, frozen=True):
    """Whether it is meant."""

    dry_run: Annotated[bool, Meta(description="Only say what would go.")] = False


class Purged(msgspec.Struct, kw_only=True, frozen=True):
    """What has gone, or would go."""

    project: str
    filename: str | None
    dry_run: bool
    answers: Annotated[int, Meta(description="Pages, and answers that there is no such project.")]
    documents: Annotated[int, Meta(description="Of the legacy JSON API.")]
    recorded_hashes: int
    failures: Annotated[int, Meta(description="Records of failed requests.")]
    files: int
    freed_bytes: int


async def list_projects(call: Call, query: ProjectsQuery) -> Projects:
    """List everything known: projects with pages, with cached files, and local ones."""
    sort, cursor = query.sort, None
    if query.cursor is not None:
        sort = cast(Sort, query.cursor.split("~")[1])
        cursor = Cursor.read(query.cursor, sort)
    found = await call.admin.holdings.search.search(query.search, sort, cursor=cursor, size=query.limit)
    return Projects(
        items=[_project(each) for each in found.projects],
        next=None if found.after is None else str(found.after),
        total=found.total,
    )


async def explain_project(call: Call, name: ProjectName) -> Explanation:
    """Tell who answers for a project, who was asked, why, how fresh it is, and what went wrong.

    Nobody is asked. Also for names that nobody has asked for so far: then it tells who would be asked.
    """
    return explained(document(await call.admin.holdings.projects.explain(name)))


async def explain_file(call: Call, name: ProjectName, filename: Filename) -> ExplainedFile:
    """Tell who lists a file, with which hashes, and whether it is cached."""
    explanation = explained(document(await call.admin.holdings.projects.explain(name, filename)))
    assert explanation.file is not None
    return explanation.file


async def refresh_project(call: Call, name: ProjectName) -> Refreshed:
    """Ask for a project again now, though what is known of it may be fresh.

    For who has just published a release. A local project is not asked for.
    """
    project = normalize(name)
    refreshed = await call.admin.holdings.actions.refresh(project)
    await call.note("refreshed", subject(project), refresh_record(refreshed))
    return msgspec.convert(asdict(refreshed) | {"ok": refreshed.ok}, Refreshed)


async def purge_project(call: Call, name: ProjectName, query: PurgeQuery) -> Purged:
    """Forget a project, as if nobody had ever asked for it here.

    What upstreams said of it, recorded hashes, failures, and cached files go. Local files are never touched.
    """
    return await _purge(call, name, None, dry_run=query.dry_run)


async def purge_file(call: Call, name: ProjectName, filename: Filename, query: PurgeQuery) -> Purged:
    """Forget a file of a project: its cached copy, metadata and recorded hash.

    The project's page is asked for again.
    """
    return await _purge(call, name, check_filename(filename), dry_run=query.dry_run)


async def _purge(call: Call, name: str, filename: str | None, *, dry_run: bool) -> Purged:
    project, actions = normalize(name), call.admin.holdings.actions
    gone = await actions.would_go(project, filename)
    if gone and not dry_run:
        gone = await actions.purge(project, filename)
        await call.note("purged", subject(project, filename), purge_record(gone))
    return _purged(gone, dry_run=dry_run)


def _purged(gone: Remembered, *, dry_run: bool) -> Purged:
    return Purged(
        project=gone.project,
        filename=gone.filename,
        dry_run=dry_run,
        answers=len(gone.answers),
        documents=gone.documents,
        recorded_hashes=len(gone.recorded),
        failures=gone.failures,
        files=len(gone.files),
        freed_bytes=gone.freed_bytes,
    )


def _project(found: FoundProject) -> Project:
    totals = asdict(found.totals)
    totals.pop("project")
    return msgspec.convert(
        {**totals, "name": found.name, "owner": found.owner, "local_files": found.local_files}, Project, strict=False
    )


OPERATIONS = (
    operation("GET", "/projects", list_projects),
    operation("GET", "/projects/{name}", explain_project),
    operation("POST", "/projects/{name}/refresh", refresh_project),
    operation("DELETE", "/projects/{name}", purge_project),
    operation("GET", "/projects/{name}/files/{filename}", explain_file),
    operation("DELETE", "/projects/{name}/files/{filename}", purge_file),
)
