"""What an administrator does beside the running server."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore
from tests.http.proxy import Proxy
from tests.waiting import until


@contextlib.contextmanager
def database_of(proxy: Proxy) -> Iterator[Database]:
    """A second connection to the proxy's database, as the commands have it."""
    database = Database.open(proxy.config.storage.directory / DATABASE_NAME)
    try:
        yield database
    finally:
        database.close()


@contextlib.contextmanager
def administration(proxy: Proxy) -> Iterator[UpstreamStore]:
    """The stored upstreams, over a second connection."""
    with database_of(proxy) as database:
        yield UpstreamStore(database, SecretBox.open(proxy.config.storage.directory, {}))


async def noticed(proxy: Proxy, change: Callable[[UpstreamStore], object]) -> None:
    """Make the change, and wait until the running server works with it."""
    before = proxy.server.services.repository
    with administration(proxy) as store:
        change(store)
    await until(lambda: proxy.server.services.repository is not before)
