"""An explanation as the API answers it: the object of ``admin.explanation.document``, which says what keys mean."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

State = Literal[
    "local", "served", "stale", "missing", "failing", "unknown", "offline", "reserved", "not admitted", "no upstream"
]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class ExplainedAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """An upstream's newest answer: a page, or that it has no such project."""

    found: bool
    files: int
    releases: int
    newest: str | None
    files_without_sha256: int
    project_status: str | None
    checked_at: Time
    changed_at: Time
    fresh_until: Time
    usable_until: Time | None
    conditional: bool
    url: str | None


class ExplainedRest(msgspec.Struct, kw_only=True, frozen=True):
    """Why an upstream is not asked now."""

    since: Time
    kind: str
    reason: str
    next_probe_at: Time | None
    is_current: bool


class ExplainedFailure(msgspec.Struct, kw_only=True, frozen=True):
    """What went wrong with requests of one kind; `over_at` is when it went well again."""

    upstream: str
    route: str
    filename: str | None
    kind: str
    reason: str
    times: int
    first_at: Time
    last_at: Time
    over_at: Time | None


class ExplainedUpstream(msgspec.Struct, kw_only=True, frozen=True):
    """One upstream and this project."""

    position: int
    name: str
    index_url: str
    active: bool
    on_failure: str
    role: str
    asked_next: bool
    sentences: list[str]
    answer: ExplainedAnswer | None
    rest: ExplainedRest | None
    recorded_hashes: int
    failures: list[ExplainedFailure]


class CachedFile(msgspec.Struct, kw_only=True, frozen=True):
    """A cached file."""

    filename: str
    sha256: str
    size: int
    upstream: str
    kept_at: Time
    last_used: Time
    uses: int


class Cached(msgspec.Struct, kw_only=True, frozen=True):
    """What is cached of a project; `names` are those that were kept last."""

    files: int
    bytes: int
    releases: list[str]
    names: list[CachedFile]


class FileListing(msgspec.Struct, kw_only=True, frozen=True):
    """A file as one upstream's page lists it."""

    upstream: str
    url: str
    size: int | None
    hashes: dict[str, str]
    recorded_sha256: str | None
    upload_time: str | None
    yanked: bool | str
    requires_python: str | None
    core_metadata: bool | dict[str, str]


class FileCopy(CachedFile, kw_only=True, frozen=True):
    """A cached copy, and where its bytes lie; no `path`: they have gone from the disk."""

    hashes: dict[str, str]
    path: str | None


class ExplainedFile(msgspec.Struct, kw_only=True, frozen=True):
    """One file: who lists it, and what is kept of it."""

    filename: str
    state: Literal["local", "cached", "fetched", "not listed", "unanswered", "offline"]
    link: Annotated[str | None, Meta(description="Its address, below the server's root.")]
    sha256: str | None
    size: int | None
    sources: Annotated[list[str], Meta(description="The upstreams that are asked for it, in order.")]
    sentences: list[str]
    listings: list[FileListing]
    copies: list[FileCopy]
    failures: list[ExplainedFailure]


class Explanation(msgspec.Struct, kw_only=True, frozen=True):
    """Who answers for a project, and why; the same as `pyproxy explain --json` prints."""

    project: str
    given: Annotated[str, Meta(description="The name as it was asked for.")]
    asked_at: Time
    state: State
    summary: Annotated[str, Meta(description="The answer in one sentence.")]
    reasons: list[str]
    owner: Annotated[str | None, Meta(description="Who answers: an upstream's name, `local`, or null.")]
    status: Annotated[int | None, Meta(description="What clients get for the page; null where nobody can tell.")]
    error: str | None
    degraded: bool
    offline: bool
    fresh_until: Time | None
    reserved_for: list[str]
    local_files: list[str]
    unreadable_files: Annotated[dict[str, str], Meta(description="Local files that are not listed, and why.")]
    upstreams: list[ExplainedUpstream]
    cached: Cached
    file: ExplainedFile | None


def explained(document: dict[str, Any]) -> Explanation:
    """The object as it is answered."""
    return msgspec.convert(document, Explanation)
