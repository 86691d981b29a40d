"""What happened: for clients, at the upstreams, and what needs attention."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pyproxy.admin.dashboard.model import Attention as AttentionValue
from pyproxy.admin.dashboard.model import Sums as SumsValue
from pyproxy.handlers.api.moments import Moment, answer_of, moment
from pyproxy.handlers.api.operation import Call, operation
from pyproxy.handlers.api.upstreams import UpstreamName

RangeName = Literal["24h", "7d", "30d", "1y"]

UpstreamState = Literal["active", "off", "resting", "failing", "never asked"]


class RangeQuery(msgspec.Struct, kw_only=True, frozen=True):
    """Which time."""

    range: Annotated[RangeName, Meta(description="From then until now.")] = "24h"


class Sums(msgspec.Struct, kw_only=True, frozen=True):
    """What was counted in some time."""

    requests: int
    hits: Annotated[int, Meta(description="Answered from what is kept here.")]
    misses: Annotated[int, Meta(description="For which an upstream was asked.")]
    failed: Annotated[int, Meta(description="That should have been answered, and were not.")]
    hit_ratio: Annotated[float | None, Meta(description="Hits among hits and misses; null where there was neither.")]
    sent: int
    saved: Annotated[int, Meta(description="Bytes of those sent that no upstream had to send for it.")]
    calls: Annotated[int, Meta(description="Requests to upstreams.")]
    call_failures: int
    received: int


class Bucket(msgspec.Struct, kw_only=True, frozen=True):
    """One point of the charts: from `start` on."""

    start: Moment
    sums: Sums


class AskedProject(msgspec.Struct, kw_only=True, frozen=True):
    """How often a project's page, and files of it, were served."""

    project: str
    pages: int
    files: int


class Failure(msgspec.Struct, kw_only=True, frozen=True):
    """What went wrong last; `over_at` is when it went well again."""

    route: str
    project: str
    filename: str
    kind: str
    reason: str
    times: int
    first_at: Moment
    last_at: Moment
    over_at: Moment | None


class Rest(msgspec.Struct, kw_only=True, frozen=True):
    """Why an upstream is not asked now."""

    since: Moment
    kind: str
    reason: str
    probe_at: Moment | None


class UpstreamSummary(msgspec.Struct, kw_only=True, frozen=True):
    """One upstream in this time, and how it stands now. Seconds are of answers for pages and other documents."""

    name: str
    priority: int
    state: UpstreamState
    calls: int
    missing: int
    received: int
    failures: Annotated[dict[str, int], Meta(description="How many of each kind.")]
    median: float | None
    p95: float | None
    last_failure: Failure | None
    rest: Rest | None
    failures_in_a_row: int
    succeeded_at: Moment | None
    failed_at: Moment | None
    certificate_ends: Annotated[Moment | None, Meta(description="Of the certificate that it showed last.")]
    certificate_seen_at: Moment | None


class Attention(msgspec.Struct, kw_only=True, frozen=True):
    """Something that somebody should look after."""

    severity: Literal["error", "warning"]
    sentence: str
    about: Annotated[
        Literal["upstream", "upstreams", "project", "storage", "server", "activity"],
        Meta(description="Where it is mended."),
    ]
    name: Annotated[str, Meta(description="Of the upstream or project; empty where there is none.")]


class Disk(msgspec.Struct, kw_only=True, frozen=True):
    """What is kept, beside the limits."""

    cached: int
    database: int
    max_size: int | None
    free: int | None
    min_free: int


class Dashboard(msgspec.Struct, kw_only=True, frozen=True):
    """What happened in a time, and how things stand."""

    range: RangeName
    now: Moment
    bucket_seconds: int
    totals: Sums
    buckets: list[Bucket]
    projects: Annotated[list[AskedProject], Meta(description="Those asked most since `projects_since`.")]
    projects_since: Moment
    upstreams: list[UpstreamSummary]
    disk: Disk
    attention: Annotated[list[Attention], Meta(description="What somebody should look after, the worst first.")]


class UpstreamBucket(msgspec.Struct, kw_only=True, frozen=True):
    """One point of an upstream's charts: from `start` on."""

    start: Moment
    calls: int
    failures: int
    median: float | None
    p95: float | None


class UpstreamHistory(msgspec.Struct, kw_only=True, frozen=True):
    """One upstream over time."""

    range: RangeName
    now: Moment
    bucket_seconds: int
    summary: UpstreamSummary
    buckets: list[UpstreamBucket]


async def get_dashboard(call: Call, query: RangeQuery) -> Dashboard:
    """Tell what happened: requests, hits, bytes, upstreams, and what needs attention."""
    overview = await call.admin.dashboard.overview(query.range)
    return Dashboard(
        range=overview.range,
        now=moment(overview.now),
        bucket_seconds=overview.bucket_seconds,
        totals=_sums(overview.totals),
        buckets=[Bucket(start=moment(each.start), sums=_sums(each.sums)) for each in overview.buckets],
        projects=[AskedProject(**each._asdict()) for each in overview.projects],
        projects_since=moment(overview.projects_since),
        upstreams=[answer_of(UpstreamSummary, each) for each in overview.upstreams],
        disk=answer_of(Disk, overview.disk),
        attention=[_attention(each) for each in overview.attention],
    )


async def get_upstream_history(call: Call, name: UpstreamName, query: RangeQuery) -> UpstreamHistory:
    """Tell how an upstream answered over time, and how it stands now."""
    return answer_of(UpstreamHistory, await call.admin.dashboard.upstream(name, query.range))


def _sums(sums: SumsValue) -> Sums:
    return answer_of(Sums, sums)


def _attention(value: AttentionValue) -> Attention:
    about, name = value.target
    return Attention(severity=value.severity, sentence=value.sentence, about=about, name=name)


OPERATIONS = (
    operation("GET", "/dashboard", get_dashboard),
    operation("GET", "/upstreams/{name}/history", get_upstream_history),
)
