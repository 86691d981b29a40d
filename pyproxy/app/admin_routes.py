"""The addresses of the administration and what answers at each."""

from __future__ import annotations

from pyproxy.admin.administration import Administration
from pyproxy.handlers.admin.account import AccountHandler
from pyproxy.handlers.admin.accounts import AccountsHandler
from pyproxy.handlers.admin.activity import (
    ClientActivityHandler,
    ClientRowsHandler,
    UpstreamActivityHandler,
    UpstreamRowsHandler,
)
from pyproxy.handlers.admin.audit import AuditHandler
from pyproxy.handlers.admin.base import AdminHandler
from pyproxy.handlers.admin.dashboard import DashboardHandler
from pyproxy.handlers.admin.not_found import AdminNotFoundHandler, AdminSlashHandler
from pyproxy.handlers.admin.one_account import OneAccountHandler, RemoveAccountHandler
from pyproxy.handlers.admin.project import DescriptionHandler, ProjectFileHandler, ProjectHandler
from pyproxy.handlers.admin.project_actions import PurgeHandler, RefreshHandler
from pyproxy.handlers.admin.projects import ProjectsHandler
from pyproxy.handlers.admin.settings import SettingsCopyHandler, SettingsHandler
from pyproxy.handlers.admin.sign_in import SetUpHandler, SignInHandler, SignOutHandler
from pyproxy.handlers.admin.storage import StorageHandler
from pyproxy.handlers.admin.storage_work import JobsHandler, PruneHandler
from pyproxy.handlers.admin.tokens import RevokeTokenHandler, TokensHandler
from pyproxy.handlers.admin.upstream import RemoveUpstreamHandler, UpstreamHandler
from pyproxy.handlers.admin.upstream_form import AddUpstreamHandler, CopyUpstreamHandler, EditUpstreamHandler
from pyproxy.handlers.admin.upstream_test import TypedUpstreamTestHandler, UpstreamTestHandler
from pyproxy.handlers.admin.upstreams import MoveUpstreamHandler, SwitchUpstreamHandler, UpstreamsHandler
from pyproxy.handlers.base import Services

_UPSTREAM = r"/admin/upstreams/([A-Za-z0-9_-]+)"

Route = tuple[str, type[AdminHandler], dict[str, object]]


def admin_routes(services: Services, administration: Administration) -> list[Route]:
    """All below ``/admin``; the last one answers for addresses at which there is no page."""
    shared: dict[str, object] = {"services": services, "admin": administration}
    return [
        (r"/admin", AdminSlashHandler, shared),
        (r"/admin/", DashboardHandler, shared),
        (r"/admin/activity", ClientActivityHandler, shared),
        (r"/admin/activity/rows", ClientRowsHandler, shared),
        (r"/admin/activity/upstreams", UpstreamActivityHandler, shared),
        (r"/admin/activity/upstreams/rows", UpstreamRowsHandler, shared),
        (r"/admin/sign-in", SignInHandler, shared),
        (r"/admin/sign-out", SignOutHandler, shared),
        (r"/admin/set-up", SetUpHandler, shared),
        (r"/admin/account", AccountHandler, shared),
        (r"/admin/projects", ProjectsHandler, shared),
        (r"/admin/projects/([^/]+)", ProjectHandler, shared),
        (r"/admin/projects/([^/]+)/file", ProjectFileHandler, shared),
        (r"/admin/projects/([^/]+)/description", DescriptionHandler, shared),
        (r"/admin/projects/([^/]+)/refresh", RefreshHandler, shared),
        (r"/admin/projects/([^/]+)/purge", PurgeHandler, shared),
        (r"/admin/storage", StorageHandler, shared),
        (r"/admin/storage/prune", PruneHandler, shared),
        (r"/admin/storage/jobs", JobsHandler, shared),
        (r"/admin/accounts", AccountsHandler, shared),
        (r"/admin/accounts/([^/]+)", OneAccountHandler, shared),
        (r"/admin/accounts/([^/]+)/remove", RemoveAccountHandler, shared),
        (r"/admin/tokens", TokensHandler, shared),
        (r"/admin/tokens/([^/]+)/revoke", RevokeTokenHandler, shared),
        (r"/admin/audit", AuditHandler, shared),
        (r"/admin/settings", SettingsHandler, shared),
        (r"/admin/settings/pyproxy\.yaml", SettingsCopyHandler, shared),
        (r"/admin/upstreams", UpstreamsHandler, shared),
        (r"/admin/upstreams/\+add", AddUpstreamHandler, shared),
        (r"/admin/upstreams/\+test", TypedUpstreamTestHandler, shared),
        (_UPSTREAM, UpstreamHandler, shared),
        (rf"{_UPSTREAM}/edit", EditUpstreamHandler, shared),
        (rf"{_UPSTREAM}/copy", CopyUpstreamHandler, shared),
        (rf"{_UPSTREAM}/remove", RemoveUpstreamHandler, shared),
        (rf"{_UPSTREAM}/move", MoveUpstreamHandler, shared),
        (rf"{_UPSTREAM}/switch", SwitchUpstreamHandler, shared),
        (rf"{_UPSTREAM}/test", UpstreamTestHandler, shared),
        (r"/admin/.*", AdminNotFoundHandler, shared),
    ]
