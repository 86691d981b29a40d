"""The token of the link by which the first account is made: the same at each start, until it was used.

The database holds a nonce; the token is made of it with the key of the storage directory, each time. So nobody reads it
out of a copy of the database, and a server that waits for its first account decrypts nothing: that would keep the
cryptography library in its memory.
"""

from __future__ import annotations

import base64
import secrets
import sqlite3

from pyproxy.storage.database import Database
from pyproxy.storage.secrets import SecretBox

NONCE_BYTES = 24

_PURPOSE = "pyproxy: token of the set-up link"
"""Fixed: another one would make another token."""


class SetUpLink:
    """The link of a storage directory; it is used up with the first account (`AccountStore.add_first`).

    With another key it is another link.
    """

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box

    def token(self) -> str | None:
        """The token that is valid now; ``None`` where there is no link. Compare it with `secrets.compare_digest`."""
        row = self._database.one("SELECT nonce FROM set_up_link", {})
        return None if row is None else self._token_of(row["nonce"])

    def offer(self) -> str | None:
        """The token, made where there was none; ``None`` once there is an account."""
        made = secrets.token_bytes(NONCE_BYTES)

        def offer(connection: sqlite3.Connection) -> bytes | None:
            if connection.execute("SELECT 1 FROM accounts LIMIT 1").fetchone() is not None:
                connection.execute("DELETE FROM set_up_link")
                return None
            connection.execute("INSERT OR IGNORE INTO set_up_link (only, nonce) VALUES (1, :nonce)", {"nonce": made})
            nonce: bytes = connection.execute("SELECT nonce FROM set_up_link").fetchone()[0]
            return nonce

        nonce = self._database.write_now(offer)
        return None if nonce is None else self._token_of(nonce)

    def _token_of(self, nonce: bytes) -> str:
        return base64.urlsafe_b64encode(self._box.derived(_PURPOSE, nonce)).rstrip(b"=").decode()
