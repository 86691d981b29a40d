"""The wiring of the administration: its threads, their connections to the database, and all that its pages work with.

Passwords are checked on a thread with a connection of its own, so that neither a large page holds up a sign-in nor a
flood of sign-ins a page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyproxy.admin.accounts.audit_pages import AuditPages
from pyproxy.admin.accounts.changes import AccountChanges
from pyproxy.admin.accounts.credentials import Credentials
from pyproxy.admin.accounts.passwords import Passwords
from pyproxy.admin.accounts.roster import Rosters
from pyproxy.admin.accounts.sessions import Sessions
from pyproxy.admin.accounts.sign_in import SignIn
from pyproxy.admin.accounts.throttle import Throttle
from pyproxy.admin.accounts.tokens import TokenChanges
from pyproxy.admin.activity.activity import Activity
from pyproxy.admin.administration import Administration
from pyproxy.admin.dashboard.dashboard import Dashboard, Room
from pyproxy.admin.desk import Desk
from pyproxy.admin.holdings import Holdings
from pyproxy.admin.upstream_test.conditions import Conditions
from pyproxy.admin.upstreams.reports import UpstreamReports
from pyproxy.admin.upstreams.testing import UpstreamTests
from pyproxy.admin.upstreams.upstreams import Upstreams
from pyproxy.app.origin import Origin
from pyproxy.app.resources import Resources
from pyproxy.app.server_settings import server_settings
from pyproxy.app.tls import ShownCertificate
from pyproxy.config.model import Config
from pyproxy.repositories.workshop import Workshop
from pyproxy.settings.quantities import format_duration
from pyproxy.storage.accounts import AccountStore
from pyproxy.storage.audit import AuditLog
from pyproxy.storage.certificates import CertificateFolder
from pyproxy.storage.database import Database
from pyproxy.storage.directory import CERTIFICATES_NAME, DATABASE_NAME
from pyproxy.storage.failures import FailureStore
from pyproxy.storage.pages import PageStore
from pyproxy.storage.roster import Roster
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.sessions import SessionStore
from pyproxy.storage.set_up_link import SetUpLink
from pyproxy.storage.sign_in_failures import SignInFailures
from pyproxy.storage.sign_in_places import SignInPlaces
from pyproxy.storage.tokens import TokenStore
from pyproxy.storage.upstreams import UpstreamStore


@dataclass(frozen=True, slots=True)
class OpenAdministration:
    """The administration with what has to be closed at the end."""

    administration: Administration
    database: Database
    _sign_in_desk: Desk
    _sign_in_database: Database

    def close(self) -> None:
        """Finish what is under way."""
        for database in (self.database, self._sign_in_database):
            database.stop_waiting()
        self.administration.desk.close()
        self._sign_in_desk.close()
        self.database.close()
        self._sign_in_database.close()


def open_administration(
    config: Config,
    environ: Mapping[str, str],
    clock: Callable[[], float],
    origin: Origin,
    resources: Resources,
    certificate: ShownCertificate,
    holdings: Holdings,
) -> OpenAdministration:
    """Open it below ``storage.directory``. Raises `StorageError`.

    Whoever installs is told who they are on the connection that the event loop reads; the pages have their own.
    """
    served = resources.database
    directory = config.storage.directory
    box = SecretBox.open(directory, environ)
    database, sign_in_database = (Database.open(directory / DATABASE_NAME) for _ in range(2))
    desk, sign_in_desk = Desk(), Desk("sign-ins")
    accounts, tokens, session_store = AccountStore(database), TokenStore(database), SessionStore(database)
    passwords = Passwords(sign_in_desk)
    throttle = Throttle(SignInFailures(sign_in_database), SignInPlaces(sign_in_database), clock)
    sign_in = SignIn(AccountStore(served), passwords, throttle, sign_in_desk)
    audit, store, pages = AuditLog(database, clock), UpstreamStore(database, box), PageStore(database)
    certificates = CertificateFolder(directory / CERTIFICATES_NAME)
    upstreams = Upstreams(store, audit, certificates)
    changes, sessions = AccountChanges(accounts, session_store, audit, clock), Sessions(session_store, clock)
    administration = Administration(
        desk=desk,
        audit=audit,
        audit_pages=AuditPages(audit),
        accounts=accounts,
        account_changes=changes,
        tokens=tokens,
        token_changes=TokenChanges(tokens, audit, clock),
        roster=Rosters(Roster(database), changes, sessions, clock),
        sessions=sessions,
        set_up_link=SetUpLink(database, box),
        passwords=passwords,
        sign_in=sign_in,
        credentials=Credentials(AccountStore(served), TokenStore(served), sign_in, clock),
        upstreams=upstreams,
        certificates=certificates,
        upstream_reports=UpstreamReports(
            upstreams, failures=FailureStore(database), pages=pages, database=database, clock=clock
        ),
        upstream_tests=UpstreamTests(
            upstreams, store=store, pages=pages, conditions=_conditions(config, environ, clock, resources.workshop)
        ),
        upstream_defaults={
            "index_ttl": f"{format_duration(config.cache.index_ttl)} (cache.index_ttl)",
            "missing_ttl": f"{format_duration(config.cache.missing_ttl)} (cache.missing_ttl)",
        },
        holdings=holdings,
        dashboard=_dashboard(config, resources, clock, certificate),
        activity=Activity(resources.database),
        settings=server_settings(config, origin, store, environ, clock),
    )
    return OpenAdministration(administration, database, sign_in_desk, sign_in_database)


def _dashboard(
    config: Config, resources: Resources, clock: Callable[[], float], certificate: ShownCertificate
) -> Dashboard:
    """With the connection of the event loop, on which it looks up what is short."""
    storage = config.storage
    return Dashboard(
        resources.database,
        resources.upstreams,
        room=Room(storage.directory, storage.min_free, storage.max_size),
        clock=clock,
        own_certificate_ends=certificate.ends,
    )


def _conditions(
    config: Config, environ: Mapping[str, str], clock: Callable[[], float], workshop: Workshop
) -> Conditions:
    """A test behaves as the server does."""
    return Conditions(
        contact=config.server.public_url,
        environ=environ,
        page_timeout=config.cache.lookup_timeout,
        max_page_size=config.cache.max_page_size,
        clock=clock,
        work=workshop.run,
    )
