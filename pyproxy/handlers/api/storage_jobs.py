"""Long work on the storage: begun, followed and stopped."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pyproxy.admin.storage.prune_preview import PrunePreview, Wish
from pyproxy.admin.storage.records import SUBJECT, prune_record
from pyproxy.handlers.api.moments import Moment, answer_of
from pyproxy.handlers.api.operation import Call, operation
from pyproxy.handlers.api.problems import ApiProblem
from pyproxy.handlers.api.quantities import Duration, Size, bytes_of, seconds_of
from pyproxy.handlers.api.storage import Amount
from pyproxy.handlers.statuses import Problem

Outcome = Literal["done", "stopped", "failed", "cut off"]


class Outdated(msgspec.Struct, kw_only=True, frozen=True):
    """Answers of upstreams that can never be served again."""

    pages: int
    page_bytes: int
    missing: int


class OldFile(msgspec.Struct, kw_only=True, frozen=True):
    """Cached bytes, by the oldest of their names."""

    sha256: str
    size: int
    last_used: Moment
    project: str | None
    filename: str | None


class PruneWish(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What may stay. Without limits only outdated answers go."""

    max_size: Annotated[
        Size | None, Meta(description="Cached bytes, such as 50GB: the least recently used files go.")
    ] = None
    unused_for: Annotated[
        Duration | None, Meta(description="Files that were not used for so long go, such as 30d.")
    ] = None
    dry_run: Annotated[bool, Meta(description="Only say what would go.")] = False


class PrunePlan(msgspec.Struct, kw_only=True, frozen=True):
    """What goes, or would go."""

    begun: Annotated[bool, Meta(description="It is being removed; false for a dry run.")]
    unused: Annotated[Amount, Meta(description="Not used for long.")]
    surplus: Annotated[Amount, Meta(description="Further ones, to make room.")]
    outdated: Outdated
    kept: Annotated[Amount, Meta(description="What stays.")]
    first: Annotated[list[OldFile], Meta(description="The files that go first, 100 at most.")]


class Prune(msgspec.Struct, kw_only=True, frozen=True):
    """How far a prune is, or how it ended: `files` of `total_files` are gone."""

    began_at: Moment
    ended_at: Moment | None
    outcome: Annotated[Outcome | None, Meta(description="null: it is under way.")]
    stop_wanted: bool
    total_files: int
    total_bytes: int
    files: int
    bytes: int
    problem: Annotated[str, Meta(description="What was in the way, of one that failed.")]


class Finding(msgspec.Struct, kw_only=True, frozen=True):
    """Something that was not as it should be."""

    sha256: str
    filenames: list[str]
    problem: str
    outcome: Literal["removed", "mended", "found again"]


class Verification(msgspec.Struct, kw_only=True, frozen=True):
    """How far a verification is, or how it ended: `files` of `total_files` are read."""

    began_at: Moment
    ended_at: Moment | None
    outcome: Annotated[Outcome | None, Meta(description="null: it is under way.")]
    stop_wanted: bool
    total_files: int
    total_bytes: int
    files: int
    bytes: int
    damaged: int
    findings: Annotated[list[Finding], Meta(description="100 at most.")]
    may_go_on: Annotated[bool, Meta(description="Another one may begin where this one ended.")]
    problem: Annotated[str, Meta(description="What was in the way, of one that failed.")]


class VerifyWish(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Where to begin."""

    go_on: Annotated[bool, Meta(description="Where the last one ended, if it did not come to its end.")] = False


async def prune_storage(call: Call, body: PruneWish) -> PrunePlan:
    """Make the cache smaller.

    Cached files go, the least recently used first, and answers that can never be served again. It goes on behind the
    answer; GET tells how far it is.
    """
    wish = Wish(max_size=bytes_of(body.max_size), unused_for=seconds_of(body.unused_for))
    preview = await call.admin.holdings.previews.preview(wish)
    if not body.dry_run:
        if not await call.admin.holdings.jobs.start_prune(preview):
            raise ApiProblem(_UNDER_WAY)
        await call.note("began to prune", SUBJECT, prune_record(preview))
    return _plan(preview, begun=not body.dry_run)


async def get_prune(call: Call) -> Prune:
    """Tell how far the prune under way is, or how the last one ended."""
    prune = call.admin.holdings.jobs.prune()
    if prune is None:
        raise ApiProblem(_NEVER)
    return answer_of(Prune, prune)


async def stop_prune(call: Call) -> None:
    """Stop the prune under way.

    What is gone is gone.
    """
    if not await call.admin.holdings.jobs.stop("prune"):
        raise ApiProblem(_NOT_UNDER_WAY)
    await call.note("stopped pruning", SUBJECT)


async def verify_storage(call: Call, body: VerifyWish) -> Verification:
    """Read every cached file, compare it with its hash, and remove what is damaged.

    It goes on behind the answer; GET tells how far it is.
    """
    if not await call.admin.holdings.jobs.start_verify(go_on=body.go_on):
        raise ApiProblem(_UNDER_WAY)
    await call.note("began to verify", SUBJECT)
    return await get_verification(call)


async def get_verification(call: Call) -> Verification:
    """Tell how far the verification under way is, or how the last one ended."""
    verification = call.admin.holdings.jobs.verification()
    if verification is None:
        raise ApiProblem(_NEVER)
    return answer_of(Verification, verification)


async def stop_verification(call: Call) -> None:
    """Stop the verification under way."""
    if not await call.admin.holdings.jobs.stop("verify"):
        raise ApiProblem(_NOT_UNDER_WAY)
    await call.note("stopped verifying", SUBJECT)


def _plan(preview: PrunePreview, *, begun: bool) -> PrunePlan:
    planned = asdict(preview.pruned)
    return msgspec.convert(
        {**planned, "begun": begun, "first": [asdict(each) for each in preview.first]}, PrunePlan, strict=False
    )


_UNDER_WAY = Problem(409, "One is under way already", "GET tells how far it is; DELETE stops it.")
_NOT_UNDER_WAY = Problem(404, "None is under way", "GET tells how the last one ended.")
_NEVER = Problem(404, "There was none so far", "POST begins one.")

OPERATIONS = (
    operation(
        "POST",
        "/storage/prune",
        prune_storage,
        conflict=True,
        example={"max_size": "50GB", "unused_for": "30d", "dry_run": True},
    ),
    operation("GET", "/storage/prune", get_prune, missing=True),
    operation("DELETE", "/storage/prune", stop_prune, missing=True),
    operation("POST", "/storage/verify", verify_storage, status=202, conflict=True, example={"go_on": False}),
    operation("GET", "/storage/verify", get_verification, missing=True),
    operation("DELETE", "/storage/verify", stop_verification, missing=True),
)
