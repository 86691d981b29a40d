"""The token of the link by which the first account is made: the same at each start, until it was used."""

from __future__ import annotations

import secrets
import sqlite3

from pyproxy.errors import StorageError
from pyproxy.storage.database import Database
from pyproxy.storage.secrets import SecretBox

TOKEN_BYTES = 24


class SetUpLink:
    """The link of a storage directory; it is used up with the first account (`AccountStore.add_first`)."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box

    def token(self) -> str | None:
        """The token that is valid now; ``None`` where there is no link, or none that this key opens."""
        row = self._database.one("SELECT token FROM set_up_link", {})
        if row is None:
            return None
        try:
            return self._box.decrypt(row["token"], "")
        except StorageError:
            return None

    def offer(self) -> str | None:
        """The token, made where there was none; ``None`` once there is an account."""
        made = secrets.token_urlsafe(TOKEN_BYTES)
        known = self.token()

        def offer(connection: sqlite3.Connection) -> bool:
            if connection.execute("SELECT 1 FROM accounts LIMIT 1").fetchone() is not None:
                connection.execute("DELETE FROM set_up_link")
                return False
            if known is None:
                sql = "INSERT OR REPLACE INTO set_up_link (only, token) VALUES (1, :token)"
                connection.execute(sql, {"token": self._box.encrypt(made)})
            return True

        if not self._database.write_now(offer):
            return None
        return made if known is None else known
