"""What is known of an upstream beside its settings, and what its removal would mean."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from pyproxy.handlers.api.dashboard import Failure
from pyproxy.handlers.api.moments import answer_of
from pyproxy.handlers.api.operation import Call, operation
from pyproxy.handlers.api.storage import Share
from pyproxy.handlers.api.upstreams import UpstreamName


class UpstreamReport(msgspec.Struct, kw_only=True, frozen=True):
    """What is kept of an upstream, and what went wrong."""

    totals: Share
    failures: Annotated[list[Failure], Meta(description="The newest ones, 20 at most, also those that are over.")]
    projects: Annotated[list[str], Meta(description="Some of which it has pages, 50 at most.")]


class OtherAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """Who would be asked first for a project instead; null: nobody."""

    project: str
    upstream: str | None


class Removal(msgspec.Struct, kw_only=True, frozen=True):
    """What would go, and who would answer instead."""

    totals: Share
    instead: Annotated[list[OtherAnswer], Meta(description="For some of its projects, 20 at most.")]
    others: Annotated[list[str], Meta(description="Upstreams that stay, and are asked for any name.")]
    released: Annotated[list[str], Meta(description="Its patterns of names, which are reserved for nobody then.")]


async def get_upstream_report(call: Call, name: UpstreamName) -> UpstreamReport:
    """Tell what is kept of an upstream, and what went wrong with it lately."""
    return answer_of(UpstreamReport, await call.admin.desk.run(call.admin.upstream_reports.report, name))


async def get_upstream_removal(call: Call, name: UpstreamName) -> Removal:
    """Tell what it would mean to remove an upstream; nothing is removed."""
    loss = await call.admin.desk.run(call.admin.upstream_reports.loss, name)
    return Removal(
        totals=answer_of(Share, loss.totals),
        instead=[OtherAnswer(project=project, upstream=upstream) for project, upstream in loss.names],
        others=list(loss.others),
        released=list(loss.released),
    )


OPERATIONS = (
    operation("GET", "/upstreams/{name}/report", get_upstream_report),
    operation("GET", "/upstreams/{name}/removal", get_upstream_removal),
)
