"""What the administrator's pages and the JSON API work with: one bundle, made by the wiring, handed to the handlers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyproxy.admin.accounts.audit_pages import AuditPages
from pyproxy.admin.accounts.changes import AccountChanges
from pyproxy.admin.accounts.credentials import Credentials
from pyproxy.admin.accounts.passwords import Passwords
from pyproxy.admin.accounts.roster import Rosters
from pyproxy.admin.accounts.sessions import Sessions
from pyproxy.admin.accounts.sign_in import SignIn
from pyproxy.admin.accounts.tokens import TokenChanges
from pyproxy.admin.activity.activity import Activity
from pyproxy.admin.dashboard.dashboard import Dashboard
from pyproxy.admin.desk import Desk
from pyproxy.admin.holdings import Holdings
from pyproxy.admin.settings.server import ServerSettings
from pyproxy.admin.upstreams.reports import UpstreamReports
from pyproxy.admin.upstreams.testing import UpstreamTests
from pyproxy.admin.upstreams.upstreams import Upstreams
from pyproxy.storage.accounts import AccountStore
from pyproxy.storage.audit import AuditLog
from pyproxy.storage.certificates import CertificateFolder
from pyproxy.storage.set_up_link import SetUpLink
from pyproxy.storage.tokens import TokenStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """The open parts.

    The stores in it, and what changes them, belong to the thread of ``desk``: ask them with ``await desk.run(…)``.
    ``passwords``, ``sign_in``, ``credentials``, ``dashboard``, ``activity`` and ``holdings`` are for the event loop;
    they look things up in threads of their own.
    ``upstream_defaults`` are what the configuration decides for upstreams that say nothing, as text for people.
    """

    desk: Desk
    audit: AuditLog
    audit_pages: AuditPages
    accounts: AccountStore
    account_changes: AccountChanges
    tokens: TokenStore
    token_changes: TokenChanges
    roster: Rosters
    sessions: Sessions
    set_up_link: SetUpLink
    passwords: Passwords
    sign_in: SignIn
    credentials: Credentials
    settings: ServerSettings
    dashboard: Dashboard
    activity: Activity
    upstreams: Upstreams
    certificates: CertificateFolder
    upstream_reports: UpstreamReports
    upstream_tests: UpstreamTests
    upstream_defaults: Mapping[str, str]
    holdings: Holdings
