"""Changes that cost an upstream its pages, done so that the desk comes to other work between them.

A hundred thousand pages take seconds to drop: each step takes some, and whoever looks at pages meanwhile waits for one.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyproxy.admin.desk import Desk
from pyproxy.admin.upstreams.upstreams import Changed, Upstreams
from pyproxy.storage.audit import Actor


async def change_in_steps(
    desk: Desk,
    upstreams: Upstreams,
    name: str,
    values: Mapping[str, object],
    actor: Actor,
    *,
    version: str | None = None,
) -> Changed:
    """`Upstreams.change`; raises what it does."""
    while await desk.run(upstreams.lose_pages, name, values, version=version):
        pass
    return await desk.run(upstreams.change, name, values, actor, version=version)


async def remove_in_steps(
    desk: Desk, upstreams: Upstreams, name: str, actor: Actor, *, version: str | None = None
) -> None:
    """`Upstreams.remove`; raises what it does."""
    while await desk.run(upstreams.lose_pages, name, None, version=version):
        pass
    await desk.run(upstreams.remove, name, actor, version=version)
