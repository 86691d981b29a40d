"""The upstreams: seen, added, changed, put in order, removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import msgspec
from msgspec import Meta

from pyproxy.admin.upstreams.leaving import change_in_steps, remove_in_steps
from pyproxy.admin.upstreams.upstreams import StoredUpstream
from pyproxy.errors import VersionConflict
from pyproxy.handlers.api.operation import Call, operation
from pyproxy.handlers.api.paging import Listing, PageQuery, cut
from pyproxy.handlers.api.preconditions import CHANGED_MEANWHILE, etag, expected_version
from pyproxy.handlers.api.problems import ApiProblem
from pyproxy.handlers.api.upstream_fields import NewUpstream, Priority, Upstream, UpstreamChange
from pyproxy.settings import masked, warnings

UpstreamName = Annotated[str, Meta(description="Its name.", examples=["private"])]


class Upstreams(Listing[Upstream], kw_only=True, frozen=True):
    """Upstreams in the order in which they are asked."""


class NewPosition(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Where an upstream is to stand."""

    position: Annotated[Priority, Meta(description="1 is asked first; too large a number means last.")]


async def list_upstreams(call: Call, query: PageQuery) -> Upstreams:
    """List the upstreams in the order in which they are asked.

    The ETag names this order; moving an upstream can be made to depend on it.
    """
    listed = await call.admin.desk.run(call.admin.upstreams.list)
    call.headers["ETag"] = etag(listed.order)
    items, following = cut(
        listed.upstreams, lambda each: f"{each.priority:07d}", query, lambda each: _answer(call, each)
    )
    return Upstreams(items=items, next=following)


async def add_upstream(call: Call, body: NewUpstream) -> Upstream:
    """Add an upstream.

    It is asked within a second. Without a priority it is the last one.
    """
    added = await call.admin.desk.run(call.admin.upstreams.add, body.values(), call.actor)
    call.headers["Location"] = f"{call.server}/upstreams/{added.settings.name}"
    return _tagged(call, added)


async def get_upstream(call: Call, name: UpstreamName) -> Upstream:
    """Tell the settings of an upstream.

    The ETag names these settings; who changes or removes it has to send it.
    """
    return _tagged(call, await call.admin.desk.run(call.admin.upstreams.get, name))


async def change_upstream(call: Call, name: UpstreamName, body: UpstreamChange) -> Upstream:
    """Change an upstream.

    Another scheme, host, port, proxy or credential_hosts, or verify_ssl off, asks for its password or token again.
    Another index address costs it its pages; verified files stay.
    """
    desk, upstreams = call.admin.desk, call.admin.upstreams
    version = expected_version(call, (await desk.run(upstreams.get, name)).version)
    with _overtaken():
        changed = await change_in_steps(desk, upstreams, name, body.values(), call.actor, version=version)
    return _tagged(call, changed.upstream)


async def remove_upstream(call: Call, name: UpstreamName) -> None:
    """Remove an upstream and its pages.

    Verified files stay, and answer to their links.
    """
    desk, upstreams = call.admin.desk, call.admin.upstreams
    version = expected_version(call, (await desk.run(upstreams.get, name)).version)
    with _overtaken():
        await remove_in_steps(desk, upstreams, name, call.actor, version=version)


async def move_upstream(call: Call, name: UpstreamName, body: NewPosition) -> Upstream:
    """Give an upstream another place in the order.

    With `If-Match`, the ETag of the list, only if nobody has changed the order meanwhile.
    """
    run, upstreams = call.admin.desk.run, call.admin.upstreams
    order = expected_version(call, (await run(upstreams.list)).order)
    with _overtaken():
        moved = await run(upstreams.move, name, body.position, call.actor, order=order)
    return _tagged(call, moved)


@contextmanager
def _overtaken() -> Iterator[None]:
    """Somebody else was faster, in the very moment."""
    try:
        yield
    except VersionConflict:
        raise ApiProblem(CHANGED_MEANWHILE) from None


def _tagged(call: Call, stored: StoredUpstream) -> Upstream:
    call.headers["ETag"] = etag(stored.version)
    return _answer(call, stored)


def _answer(call: Call, stored: StoredUpstream) -> Upstream:
    settings = stored.settings
    shown = masked(settings) | {"priority": stored.priority, "index_url": settings.index_url}
    for key in ("ca_bundle", "client_certificate", "client_key"):
        path = shown[key]
        shown[key] = path and (call.admin.certificates.name_of(str(path)) or path)
    return msgspec.convert(shown | {"warnings": warnings(settings)}, Upstream)


OPERATIONS = (
    operation("GET", "/upstreams", list_upstreams, tagged=True),
    operation(
        "POST",
        "/upstreams",
        add_upstream,
        status=201,
        conflict=True,
        tagged=True,
        example={
            "name": "private",
            "url": "https://pypi.mycompany.example/simple/",
            "username": "ci",
            "password": "…",
            "priority": 1,
            "projects": ["mycompany-*"],
            "on_failure": "stop",
        },
    ),
    operation("GET", "/upstreams/{name}", get_upstream, tagged=True),
    operation(
        "PATCH",
        "/upstreams/{name}",
        change_upstream,
        conditional="needed",
        tagged=True,
        example={"index_ttl": "10m", "active": False},
    ),
    operation("DELETE", "/upstreams/{name}", remove_upstream, conditional="needed"),
    operation(
        "POST", "/upstreams/{name}/move", move_upstream, conditional="wanted", tagged=True, example={"position": 1}
    ),
)
