"""All operations of the API."""

from __future__ import annotations

from pyproxy.handlers.api import (
    accounts,
    activity,
    audit,
    dashboard,
    openapi,
    project_files,
    projects,
    settings,
    storage,
    storage_jobs,
    tokens,
    upstreams,
    version,
)
from pyproxy.handlers.api.table import Table

TABLE = Table(
    (
        *upstreams.OPERATIONS,
        *projects.OPERATIONS,
        *project_files.OPERATIONS,
        *storage.OPERATIONS,
        *storage_jobs.OPERATIONS,
        *dashboard.OPERATIONS,
        *activity.OPERATIONS,
        *audit.OPERATIONS,
        *accounts.OPERATIONS,
        *tokens.OPERATIONS,
        *settings.OPERATIONS,
        *version.OPERATIONS,
        *openapi.OPERATIONS,
    )
)
