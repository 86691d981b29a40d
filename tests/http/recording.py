"""What the running server has recorded, read as another process does."""

from __future__ import annotations

from pyproxy.storage.activity import ClientRequest, UpstreamRequest
from pyproxy.storage.activity_reads import ActivityReads, Place, Wanted
from tests.http.administration import database_of
from tests.http.calls import idle
from tests.http.proxy import Proxy

_ANY, _ALL = Wanted({}, {}), Place(limit=1000)


async def written(proxy: Proxy) -> None:
    """Wait until everything that has ended is in the database."""
    await idle(proxy)
    await proxy.server.recorder.flush()


async def client_requests(proxy: Proxy) -> list[ClientRequest]:
    """Requests of clients, in the order of their ends."""
    await written(proxy)
    with database_of(proxy) as database:
        return [row.request for row in reversed(ActivityReads(database).clients(_ANY, _ALL))]


async def upstream_requests(proxy: Proxy) -> list[UpstreamRequest]:
    """Requests to upstreams, in the order of their ends."""
    await written(proxy)
    with database_of(proxy) as database:
        return [row.request for row in reversed(ActivityReads(database).upstreams(_ANY, _ALL))]
