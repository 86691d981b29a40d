"""Files at an upstream, and what the proxy lists of them."""

from __future__ import annotations

from tests.distributions import make_wheel
from tests.http.proxy import Proxy
from tests.upstream_server import UpstreamServer


def publish(server: UpstreamServer, project: str, version: str) -> str:
    """Add a wheel with its metadata; the filename."""
    filename, content, metadata = make_wheel(project, version)
    server.add_file(project, filename, content, metadata=metadata)
    return filename


async def filenames(proxy: Proxy, project: str) -> list[str]:
    """What the project's page lists, which must be there."""
    return [file["filename"] for file in (await proxy.page(project))["files"]]
