"""All operations of the API."""

from __future__ import annotations

from pyproxy.handlers.api import (
    accounts,
    activity,
    audit,
    certificates,
    dashboard,
    openapi,
    project_files,
    projects,
    settings,
    storage,
    storage_jobs,
    tokens,
    upstream_reports,
    upstream_tests,
    upstreams,
    version,
)
from pyproxy.handlers.api.table import Table

TABLE = Table(
    (
        *upstreams.OPERATIONS,
        *upstream_tests.OPERATIONS,
        *upstream_reports.OPERATIONS,
        *certificates.OPERATIONS,
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
