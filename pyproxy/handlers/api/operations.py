"""All operations of the API."""

from __future__ import annotations

from pyproxy.handlers.api import audit, openapi, settings, upstreams, version
from pyproxy.handlers.api.table import Table

TABLE = Table(
    (
        *audit.OPERATIONS,
        *settings.OPERATIONS,
        *upstreams.OPERATIONS,
        *version.OPERATIONS,
        *openapi.OPERATIONS,
    )
)
