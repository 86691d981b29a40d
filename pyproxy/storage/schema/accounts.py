"""The tables of ``accounts``, ``sessions``, ``tokens`` and ``sign_in_failures``: who may see and change things."""

from __future__ import annotations

ACCOUNTS = (
    # AUTOINCREMENT: the id of a removed account must never come back with somebody else's sessions.
    """
    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        role TEXT NOT NULL CHECK (role IN ('admin', 'viewer')),
        password_hash TEXT NOT NULL,
        created_at REAL NOT NULL,
        password_changed_at REAL NOT NULL,
        signed_in_at REAL
    )
    """,
    # Tokens lie here as their SHA-256: a copy of the database opens no door.
    """
    CREATE TABLE sessions (
        token_hash BLOB NOT NULL PRIMARY KEY,
        account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        began_at REAL NOT NULL,
        seen_at REAL NOT NULL,
        address TEXT NOT NULL,
        agent TEXT NOT NULL,
        notice TEXT
    ) WITHOUT ROWID
    """,
    "CREATE INDEX sessions_by_account ON sessions (account_id)",
    "CREATE INDEX sessions_by_age ON sessions (seen_at)",
    """
    CREATE TABLE api_tokens (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        role TEXT NOT NULL CHECK (role IN ('admin', 'viewer', 'read')),
        token_hash BLOB NOT NULL UNIQUE,
        created_at REAL NOT NULL,
        created_by TEXT NOT NULL,
        expires_at REAL,
        used_at REAL
    )
    """,
    """
    CREATE TABLE sign_in_failures (
        key TEXT NOT NULL PRIMARY KEY,
        failures INTEGER NOT NULL,
        last_at REAL NOT NULL,
        paused_until REAL NOT NULL,
        salt BLOB NOT NULL,
        mark BLOB NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX sign_in_failures_by_age ON sign_in_failures (last_at)",
    # From where people have signed in lately: somebody else's guesses must not keep them out there.
    """
    CREATE TABLE sign_in_places (
        account TEXT NOT NULL,
        place TEXT NOT NULL,
        last_at REAL NOT NULL,
        PRIMARY KEY (account, place)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX sign_in_places_by_age ON sign_in_places (last_at)",
    # The token of the link by which the first account is made: encrypted, for it is shown again at each start.
    "CREATE TABLE set_up_link (only INTEGER PRIMARY KEY CHECK (only = 1), token BLOB NOT NULL)",
)

SET_UP_NONCE = (
    # The token is derived from it with the key of the storage directory, and no longer encrypted. What was encrypted is
    # forgotten: the next start makes a new link, and nothing but that link needs it.
    "DROP TABLE set_up_link",
    "CREATE TABLE set_up_link (only INTEGER PRIMARY KEY CHECK (only = 1), nonce BLOB NOT NULL)",
)
