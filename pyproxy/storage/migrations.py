"""The schema, as an ordered list of named steps.

A step and the record that it was done share one transaction, so a server that dies in between begins again where
it was. A step that has been released is never changed; a change of the schema is a new step at the end, with a
test that starts from the schema before it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from typing import NamedTuple

from pyproxy.errors import StorageError
from pyproxy.storage import json_schema, totals_schema


class Migration(NamedTuple):
    """One step: its name, recorded for ever, and its statements."""

    name: str
    statements: tuple[str, ...]


MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "upstreams",
        (
            # AUTOINCREMENT: the id of a removed upstream must never come back with somebody else's pages.
            """
            CREATE TABLE upstreams (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                generation INTEGER NOT NULL DEFAULT 1,
                priority INTEGER NOT NULL,
                name TEXT NOT NULL UNIQUE,
                url TEXT NOT NULL,
                index_path TEXT NOT NULL,
                active INTEGER NOT NULL CHECK (active IN (0, 1)),
                username TEXT,
                password BLOB,
                token BLOB,
                credential_hosts TEXT NOT NULL,
                verify_ssl INTEGER NOT NULL CHECK (verify_ssl IN (0, 1)),
                ca_bundle TEXT,
                client_certificate TEXT,
                client_key TEXT,
                connect_timeout_ms INTEGER NOT NULL,
                stall_timeout_ms INTEGER NOT NULL,
                http_proxy BLOB,
                index_ttl REAL,
                missing_ttl REAL,
                on_failure TEXT NOT NULL CHECK (on_failure IN ('next', 'stop')),
                redirect_hosts TEXT NOT NULL,
                projects TEXT NOT NULL,
                excluded_projects TEXT NOT NULL
            )
            """,
            "CREATE TABLE seen_upstreams (name TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID",
            """
            CREATE TABLE upstreams_revision (
                only INTEGER PRIMARY KEY CHECK (only = 1),
                revision INTEGER NOT NULL
            )
            """,
            "INSERT INTO upstreams_revision (only, revision) VALUES (1, 0)",
        ),
    ),
    Migration(
        "pages",
        (
            """
            CREATE TABLE pages (
                project TEXT NOT NULL,
                upstream_id INTEGER NOT NULL REFERENCES upstreams (id) ON DELETE CASCADE,
                generation INTEGER NOT NULL,
                tag TEXT,
                etag TEXT,
                last_modified TEXT,
                url TEXT,
                serial TEXT,
                checked_at REAL NOT NULL,
                changed_at REAL NOT NULL,
                PRIMARY KEY (project, upstream_id)
            ) WITHOUT ROWID
            """,
            "CREATE INDEX pages_by_upstream ON pages (upstream_id)",
            "CREATE INDEX pages_by_tag ON pages (tag) WHERE tag IS NOT NULL",
            # The list of known projects, without reading the wide rows.
            "CREATE INDEX pages_found ON pages (project) WHERE tag IS NOT NULL",
            # With a rowid: bodies are large, and their tags alone make a small index.
            "CREATE TABLE page_bodies (tag TEXT NOT NULL PRIMARY KEY, body_z BLOB NOT NULL)",
        ),
    ),
    Migration(
        "recorded hashes",
        (
            """
            CREATE TABLE recorded_hashes (
                project TEXT NOT NULL,
                upstream_id INTEGER NOT NULL REFERENCES upstreams (id) ON DELETE CASCADE,
                filename TEXT NOT NULL,
                sha256 TEXT NOT NULL,
                recorded_at REAL NOT NULL,
                PRIMARY KEY (project, upstream_id, filename)
            ) WITHOUT ROWID
            """,
        ),
    ),
    Migration(
        "files",
        (
            """
            CREATE TABLE contents (
                sha256 TEXT NOT NULL PRIMARY KEY,
                size INTEGER NOT NULL,
                stored_at REAL NOT NULL,
                last_used REAL NOT NULL,
                uses INTEGER NOT NULL DEFAULT 0
            ) WITHOUT ROWID
            """,
            """
            CREATE TABLE files (
                project TEXT NOT NULL,
                filename TEXT NOT NULL,
                sha256 TEXT NOT NULL REFERENCES contents (sha256) ON DELETE CASCADE,
                upstream TEXT NOT NULL,
                hashes TEXT NOT NULL,
                kept_at REAL NOT NULL,
                PRIMARY KEY (project, filename, sha256)
            ) WITHOUT ROWID
            """,
            "CREATE INDEX files_by_content ON files (sha256)",
            """
            CREATE TABLE file_index (
                only INTEGER PRIMARY KEY CHECK (only = 1),
                complete_since REAL NOT NULL
            )
            """,
        ),
    ),
    Migration(
        "eviction",
        (
            "CREATE INDEX contents_by_last_use ON contents (last_used)",
            # The sum is kept by triggers: it is asked for at each keep, and there may be a million rows.
            """
            CREATE TABLE contents_total (
                only INTEGER PRIMARY KEY CHECK (only = 1),
                bytes INTEGER NOT NULL
            )
            """,
            "INSERT INTO contents_total (only, bytes) SELECT 1, coalesce(sum(size), 0) FROM contents",
            """
            CREATE TRIGGER contents_added AFTER INSERT ON contents
            BEGIN UPDATE contents_total SET bytes = bytes + new.size; END
            """,
            """
            CREATE TRIGGER contents_resized AFTER UPDATE OF size ON contents
            BEGIN UPDATE contents_total SET bytes = bytes + new.size - old.size; END
            """,
            """
            CREATE TRIGGER contents_removed AFTER DELETE ON contents
            BEGIN UPDATE contents_total SET bytes = bytes - old.size; END
            """,
        ),
    ),
    Migration(
        "revision of recorded hashes",
        (
            # Several processes serve the pages that show them.
            "CREATE TABLE recorded_hashes_revision (revision INTEGER NOT NULL)",
            "INSERT INTO recorded_hashes_revision (revision) VALUES (1)",
            """
            CREATE TRIGGER recorded_hashes_added AFTER INSERT ON recorded_hashes
            BEGIN UPDATE recorded_hashes_revision SET revision = revision + 1; END
            """,
            """
            CREATE TRIGGER recorded_hashes_removed AFTER DELETE ON recorded_hashes
            BEGIN UPDATE recorded_hashes_revision SET revision = revision + 1; END
            """,
        ),
    ),
    Migration(
        "revision of pages",
        (
            # Bumped by purges and refreshes, not by each page that a server fetches.
            "CREATE TABLE pages_revision (revision INTEGER NOT NULL)",
            "INSERT INTO pages_revision (revision) VALUES (1)",
        ),
    ),
    Migration(
        "failures of upstreams",
        (
            """
            CREATE TABLE upstream_failures (
                upstream_id INTEGER NOT NULL REFERENCES upstreams (id) ON DELETE CASCADE,
                route TEXT NOT NULL,
                project TEXT NOT NULL,
                filename TEXT NOT NULL,
                kind TEXT NOT NULL,
                reason TEXT NOT NULL,
                first_at REAL NOT NULL,
                last_at REAL NOT NULL,
                times INTEGER NOT NULL,
                over_at REAL,
                PRIMARY KEY (upstream_id, route, project, filename)
            ) WITHOUT ROWID
            """,
            "CREATE INDEX upstream_failures_by_age ON upstream_failures (upstream_id, route, last_at)",
            "CREATE INDEX upstream_failures_by_project ON upstream_failures (project)",
            # Looked at each second: does a success end anything?
            "CREATE INDEX upstream_failures_open ON upstream_failures (upstream_id) WHERE over_at IS NULL",
            """
            CREATE TABLE upstream_rests (
                upstream_id INTEGER NOT NULL PRIMARY KEY REFERENCES upstreams (id) ON DELETE CASCADE,
                since REAL NOT NULL,
                kind TEXT NOT NULL,
                reason TEXT NOT NULL,
                probe_at REAL
            )
            """,
            # Another index URL is another index: what the old one did says nothing of it.
            """
            CREATE TRIGGER upstream_failures_of_another_index AFTER UPDATE OF generation ON upstreams
            WHEN new.generation <> old.generation
            BEGIN
                DELETE FROM upstream_failures WHERE upstream_id = new.id;
                DELETE FROM upstream_rests WHERE upstream_id = new.id;
            END
            """,
        ),
    ),
    Migration("totals", totals_schema.STATEMENTS),
    Migration(
        "purges",
        # By name, for servers that hold answers in memory which they could not store.
        ("CREATE TABLE purges (project TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID",),
    ),
    Migration("documents of the JSON API", json_schema.STATEMENTS),
)


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Bring the database to the newest schema; several processes may do so at once.

    Raises `StorageError` when a newer pyproxy, or another program, made the database.
    """
    if not is_newest(connection, migrations):
        for migration in migrations:
            _apply(connection, migration)


def is_newest(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> bool:
    """Whether the database has the newest schema. Raises `StorageError` as `migrate` does."""
    done, names = applied(connection), {migration.name for migration in migrations}
    if unknown := done - names:
        raise StorageError(
            f"{_path(connection)} was made by a newer pyproxy (it has the step {sorted(unknown)[0]!r}): "
            "use that version, or restore the backup from before the upgrade"
        )
    return done == names


def applied(connection: sqlite3.Connection) -> set[str]:
    """The names of the steps that were done; empty for a new database.

    Raises `StorageError` for a database that has tables, but not ours.
    """
    tables = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "migrations" in tables:
        return {str(row[0]) for row in connection.execute("SELECT name FROM migrations")}
    if tables:
        raise StorageError(f"{_path(connection)} belongs to another program: choose another storage.directory")
    return set()


def _path(connection: sqlite3.Connection) -> str:
    return str(connection.execute("PRAGMA database_list").fetchone()[2])


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations (name TEXT NOT NULL PRIMARY KEY, applied_at REAL NOT NULL)"
        )
        # Asked again under the write lock: another process may have been faster.
        known = connection.execute("SELECT 1 FROM migrations WHERE name = :name", {"name": migration.name}).fetchone()
        if known is None:
            for statement in migration.statements:
                connection.execute(statement)
            connection.execute(
                "INSERT INTO migrations (name, applied_at) VALUES (:name, :now)",
                {"name": migration.name, "now": time.time()},
            )
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
