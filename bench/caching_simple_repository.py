"""simple-repository-server as a caching proxy: ``python caching_simple_repository.py PORT UPSTREAM DIRECTORY``.

Its command line has no cache. This joins the two caches of its library, for pages and for files, in the way that the
library's documentation shows. Runs in an environment of its own, not in pyproxy's.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import fastapi
import httpx
import uvicorn
from simple_repository.components.http_cached import CachedHttpRepository
from simple_repository.components.resource_cache import ResourceCacheRepository
from simple_repository_server.routers import simple


def application(upstream: str, directory: Path) -> fastapi.FastAPI:
    """The server in front of the index at ``upstream``, caching below ``directory``."""

    @contextlib.asynccontextmanager
    async def connected(app: fastapi.FastAPI) -> AsyncIterator[None]:
        async with httpx.AsyncClient(follow_redirects=True, trust_env=False) as client:
            pages = CachedHttpRepository(upstream, directory / "pages", client)
            files = ResourceCacheRepository(pages, directory / "files", client)
            app.include_router(simple.build_router(files, http_client=client))
            yield

    for kind in ("pages", "files"):
        (directory / kind).mkdir(parents=True, exist_ok=True)
    return fastapi.FastAPI(openapi_url=None, lifespan=connected)


if __name__ == "__main__":
    port, upstream, directory = sys.argv[1:]
    uvicorn.run(application(upstream, Path(directory)), host="127.0.0.1", port=int(port), access_log=False)
