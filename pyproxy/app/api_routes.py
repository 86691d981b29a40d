"""The addresses of the JSON API; its own table knows what is below."""

from __future__ import annotations

from pyproxy.admin.administration import Administration
from pyproxy.handlers.api.handler import ApiHandler
from pyproxy.handlers.api.operations import TABLE
from pyproxy.handlers.base import Services

Route = tuple[str, type[ApiHandler], dict[str, object]]


def api_routes(services: Services, administration: Administration) -> list[Route]:
    """All below ``/api/v1``."""
    return [(r"/api/v1(?:/.*)?", ApiHandler, {"services": services, "admin": administration, "table": TABLE})]
