"""What commands open of the storage directory: the same parts as the server's, beside one that may be running on it.

The database and the files are shared between processes by their own locks; the server's lock is not taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from pyproxy.app.chain import Chain
from pyproxy.app.resources import Resources, open_resources
from pyproxy.config.model import Config
from pyproxy.errors import StorageError
from pyproxy.repositories.observer import Observer, Observers
from pyproxy.storage.directory import FILES_NAME, has_database, prepare_whole
from pyproxy.storage.lock import StorageLock
from pyproxy.storage.served import check_served


@dataclass(frozen=True, slots=True)
class Opened:
    """The open parts; ``chain`` asks the upstreams as the server would, with a health of its own."""

    resources: Resources
    chain: Chain


@asynccontextmanager
async def opened(
    config: Config,
    environ: Mapping[str, str],
    *,
    clock: Callable[[], float] = time.time,
    observer: Observer | None = None,
    create: bool = False,
    rebuild: bool = False,
) -> AsyncIterator[Opened]:
    """Open everything, the configured upstreams among it; closed in reverse at the end.

    Raises `StorageError` when the storage directory cannot be used, or has no database: nothing is created here unless
    ``create`` says so, for whoever is in the wrong directory would look at an empty cache and wonder. It raises it too
    when the database was taken away from a running server. With ``rebuild``
    a database is made only where there are files; the index of files is left as it is then.
    """
    directory = config.storage.directory.absolute()
    check_served(directory)
    lock = None
    if create:
        prepare_whole(directory)
    elif not has_database(directory):
        if not (directory / FILES_NAME).is_dir():
            raise StorageError(
                f"there is no pyproxy database in {directory}: no server has run with it yet; "
                "run this where the server runs, with the same configuration"
            )
        if not rebuild:
            raise StorageError(
                f"there is no pyproxy database in {directory}, but there are files: restore it from a backup, or run "
                "pyproxy cache verify --rebuild, which finds the files again, but not upstreams, users and tokens"
            )
        lock = StorageLock(directory)  # a running server would go on with the database that was taken from it
    try:
        async with _opened(config, environ, clock, observer, rebuild) as here:
            yield here
    finally:
        if lock is not None:
            lock.release()


@asynccontextmanager
async def _opened(
    config: Config, environ: Mapping[str, str], clock: Callable[[], float], observer: Observer | None, rebuild: bool
) -> AsyncIterator[Opened]:
    resources = open_resources(config, environ, clock)
    resources.lull.end()  # no client waits here, but the command for what it keeps
    try:
        resources.upstreams.seed(config.seeds)
        if not (rebuild or resources.files.index.complete):
            await asyncio.to_thread(resources.files.index.rebuild)
        if resources.local is not None:
            await resources.local.scan()
        chain = Chain(
            resources,
            replace(config.cache, look_ahead=False),
            contact=config.server.public_url,
            environ=environ,
            clock=clock,
            observer=observer or Observers(),
        )
        try:
            yield Opened(resources, chain)
        finally:
            await chain.close()
    finally:
        with contextlib.suppress(TimeoutError):
            await resources.close()
