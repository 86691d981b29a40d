"""The storage as a whole: how full it is and of what."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import msgspec
from msgspec import Meta

from pyproxy.handlers.api.moments import Moment
from pyproxy.handlers.api.operation import Call, operation


class Totals(msgspec.Struct, kw_only=True, frozen=True):
    """All together. `files` counts names, `file_bytes` bytes once, however many names they have."""

    projects: Annotated[int, Meta(description="Of which an upstream has a page.")]
    missing: Annotated[int, Meta(description='Answers "no such project".')]
    pages: int
    page_bytes: Annotated[int, Meta(description="Compressed.")]
    files: int
    file_bytes: int
    least_recent_use: Moment | None
    latest_use: Moment | None
    recorded_hashes: int
    database_bytes: int
    database_free_bytes: int


class Share(msgspec.Struct, kw_only=True, frozen=True):
    """What is kept of one upstream."""

    upstream: str
    configured: Annotated[bool, Meta(description="false: it was removed, and left files behind.")]
    active: bool
    pages: int
    missing: int
    files: int
    file_bytes: int


class Amount(msgspec.Struct, kw_only=True, frozen=True):
    """So many files, by their bytes and not by their names, with so many bytes together."""

    files: int
    bytes: int


class Idle(msgspec.Struct, kw_only=True, frozen=True):
    """What was not used for so many days."""

    days: int
    amount: Amount


class LargeProject(msgspec.Struct, kw_only=True, frozen=True):
    """A project, and what is cached of it."""

    project: str
    files: int
    bytes: int
    uses: int
    last_used: Moment | None


class Orphans(msgspec.Struct, kw_only=True, frozen=True):
    """What nothing leads to any more."""

    page_bodies: Annotated[int, Meta(description="Without a page; a running server sweeps them.")]
    temporary_files: Annotated[int, Meta(description="Of processes that died.")]
    temporary_bytes: int


class Storage(msgspec.Struct, kw_only=True, frozen=True):
    """The storage; the first keys are those of `pyproxy cache stats --json`."""

    directory: str
    totals: Totals
    upstreams: list[Share]
    arriving: Annotated[Amount, Meta(description="Files on their way, and what has come of them.")]
    max_size: Annotated[int | None, Meta(description="`storage.max_size`; null: no limit.")]
    min_free: Annotated[int, Meta(description="`storage.min_free`.")]
    free_bytes: int
    may_grow: Annotated[int, Meta(description="Bytes that may still be kept.")]
    kept: Amount
    idle: list[Idle]
    largest: Annotated[list[LargeProject], Meta(description="The projects with the most cached bytes.")]
    json_bytes: Annotated[int, Meta(description="Taken by documents of the legacy JSON API.")]
    json_limit: int
    orphans: Orphans


async def get_storage(call: Call) -> Storage:
    """Tell how full the storage is, of what, and what was not used for long."""
    overview = await call.admin.holdings.storage.look()
    told = asdict(overview)
    return msgspec.convert(told.pop("statistics") | told | {"may_grow": overview.may_grow}, Storage, strict=False)


OPERATIONS = (operation("GET", "/storage", get_storage),)
