"""The recent requests, one by one: those of clients, and those to upstreams."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from pyproxy.admin.activity.activity import ActivityPage, Place
from pyproxy.admin.activity.filters import CallFilter, ClientFilter
from pyproxy.handlers.api.moments import Moment
from pyproxy.handlers.api.operation import Call, operation
from pyproxy.handlers.api.paging import Listing, NumberedQuery

Text = Annotated[str, Meta(max_length=200)]

Outcome = Literal[
    "hit", "stale", "collapsed", "miss", "missing", "refused", "redirected", "failed", "broken", "answered"
]
Route = Literal["page", "file", "metadata", "json", "list", "redirect", "other"]
Result = Literal["found", "missing", "failed"]


class ActivityQuery(NumberedQuery, kw_only=True, frozen=True):
    """What both kinds are sought by."""

    project: Annotated[Text, Meta(description="Only about this project; `*` stands for any characters.")] = ""
    upstream: Annotated[Text, Meta(description="Only of this upstream.")] = ""
    failures_only: Annotated[bool, Meta(description="Only what should have been answered, and was not.")] = False


class RequestsQuery(ActivityQuery, kw_only=True, frozen=True):
    """Which requests of clients."""

    client: Annotated[Text, Meta(description="Only from this address; `*` stands for any characters.")] = ""
    agent: Annotated[Text, Meta(description="Only from such programs: `pip/*`.")] = ""
    outcome: Annotated[Outcome | None, Meta(description="Only those that ended so.")] = None
    route: Annotated[Route | None, Meta(description="Only those for such addresses.")] = None


class CallsQuery(ActivityQuery, kw_only=True, frozen=True):
    """Which requests to upstreams."""

    result: Annotated[Result | None, Meta(description="Only those that ended so.")] = None
    kind: Annotated[Text, Meta(description="Only failures of this kind.")] = ""
    route: Annotated[Text, Meta(description="Only those for such documents.")] = ""


class ClientRequest(msgspec.Struct, kw_only=True, frozen=True):
    """A request of a client that has ended."""

    id: int
    at: Moment
    client: str
    agent: Annotated[str, Meta(description="Its first word about itself.")]
    method: str
    route: Route
    project: str
    filename: str
    address: Annotated[str, Meta(description="The path, where it was about no project.")]
    status: int
    outcome: Outcome
    upstream: str
    sent: int
    seconds: float


class UpstreamCall(msgspec.Struct, kw_only=True, frozen=True):
    """A request to an upstream that has ended."""

    id: int
    at: Moment
    upstream: str
    route: str
    project: str
    filename: str
    result: Result
    kind: Annotated[str, Meta(description="Of a failure; else empty.")]
    reason: Annotated[str, Meta(description="Of a failure; else empty.")]
    seconds: float | None
    received: int | None


class ClientRequests(Listing[ClientRequest], kw_only=True, frozen=True):
    """Requests of clients, the newest first."""

    since: Annotated[Moment | None, Meta(description="The oldest one that is kept; null: there is none.")]
    left_out: Annotated[int, Meta(description="Requests since then of which nothing is kept, for there were too many.")]


class UpstreamCalls(Listing[UpstreamCall], kw_only=True, frozen=True):
    """Requests to upstreams, the newest first."""

    since: Annotated[Moment | None, Meta(description="The oldest one that is kept; null: there is none.")]
    left_out: Annotated[int, Meta(description="Requests since then of which nothing is kept, for there were too many.")]


async def list_requests(call: Call, query: RequestsQuery) -> ClientRequests:
    """List the recent requests of clients, the newest first."""
    wanted = ClientFilter(
        client=query.client,
        agent=query.agent,
        project=query.project,
        outcome=query.outcome or "",
        route=query.route or "",
        upstream=query.upstream,
        failures_only=query.failures_only,
    )
    page = await call.admin.activity.clients(wanted, _place(query))
    return msgspec.convert(_listing(page), ClientRequests, strict=False)


async def list_upstream_calls(call: Call, query: CallsQuery) -> UpstreamCalls:
    """List the recent requests to upstreams, the newest first."""
    wanted = CallFilter(
        upstream=query.upstream,
        project=query.project,
        result=query.result or "",
        kind=query.kind,
        route=query.route,
        failures_only=query.failures_only,
    )
    page = await call.admin.activity.calls(wanted, _place(query))
    return msgspec.convert(_listing(page), UpstreamCalls, strict=False)


def _place(query: NumberedQuery) -> Place:
    return Place(before=query.before, limit=query.limit)


def _listing(page: ActivityPage[Any]) -> dict[str, object]:
    return {
        "items": [{"id": row.id, **row.request._asdict()} for row in page.rows],
        "next": None if page.older is None else str(page.older),
        "since": page.since,
        "left_out": page.left_out,
    }


OPERATIONS = (
    operation("GET", "/activity/requests", list_requests),
    operation("GET", "/activity/upstreams", list_upstream_calls),
)
