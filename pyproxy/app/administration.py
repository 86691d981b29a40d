"""The wiring of the administration: its thread, its connection to the database, and all that its pages work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyproxy.admin.accounts.credentials import Credentials
from pyproxy.admin.accounts.passwords import Passwords
from pyproxy.admin.accounts.sessions import Sessions
from pyproxy.admin.accounts.sign_in import SignIn
from pyproxy.admin.accounts.throttle import Throttle
from pyproxy.admin.administration import Administration
from pyproxy.admin.desk import Desk
from pyproxy.admin.upstreams.upstreams import Upstreams
from pyproxy.app.origin import Origin
from pyproxy.app.server_settings import server_settings
from pyproxy.config.model import Config
from pyproxy.storage.accounts import AccountStore
from pyproxy.storage.audit import AuditLog
from pyproxy.storage.certificates import CertificateFolder
from pyproxy.storage.database import Database
from pyproxy.storage.directory import CERTIFICATES_NAME, DATABASE_NAME
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.sessions import SessionStore
from pyproxy.storage.set_up_link import SetUpLink
from pyproxy.storage.sign_in_failures import SignInFailures
from pyproxy.storage.tokens import TokenStore
from pyproxy.storage.upstreams import UpstreamStore


@dataclass(frozen=True, slots=True)
class OpenAdministration:
    """The administration with what has to be closed at the end."""

    administration: Administration
    database: Database
    _password_desk: Desk

    def close(self) -> None:
        """Finish what is under way."""
        self.database.stop_waiting()
        self.administration.desk.close()
        self._password_desk.close()
        self.database.close()


def open_administration(
    config: Config, environ: Mapping[str, str], clock: Callable[[], float], origin: Origin
) -> OpenAdministration:
    """Open it below ``storage.directory``. Raises `StorageError`."""
    directory = config.storage.directory
    database = Database.open(directory / DATABASE_NAME)
    box = SecretBox.open(directory, environ)
    desk, password_desk = Desk(), Desk("passwords")
    accounts, tokens = AccountStore(database), TokenStore(database)
    passwords = Passwords(password_desk)
    sign_in = SignIn(accounts, passwords, Throttle(SignInFailures(database), clock), desk)
    audit, upstreams = AuditLog(database, clock), UpstreamStore(database, box)
    certificates = CertificateFolder(directory / CERTIFICATES_NAME)
    administration = Administration(
        desk=desk,
        audit=audit,
        accounts=accounts,
        tokens=tokens,
        sessions=Sessions(SessionStore(database), clock),
        set_up_link=SetUpLink(database, box),
        passwords=passwords,
        sign_in=sign_in,
        credentials=Credentials(accounts, tokens, sign_in, desk, clock),
        upstreams=Upstreams(upstreams, audit, certificates),
        certificates=certificates,
        settings=server_settings(config, origin, upstreams, environ, clock),
    )
    return OpenAdministration(administration, database, password_desk)
