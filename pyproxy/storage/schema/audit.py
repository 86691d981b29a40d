"""The table of ``audit``: who changed what. Rows come in and never change."""

from __future__ import annotations

AUDIT = (
    """
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at REAL NOT NULL,
        actor TEXT NOT NULL,
        origin TEXT NOT NULL CHECK (origin IN ('page', 'api', 'command')),
        address TEXT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        changes TEXT NOT NULL
    )
    """,
    "CREATE INDEX audit_by_subject ON audit (subject, id)",
    "CREATE INDEX audit_by_actor ON audit (actor, id)",
    """
    CREATE TRIGGER audit_is_never_edited BEFORE UPDATE ON audit
    BEGIN SELECT raise(ABORT, 'the audit log is never edited'); END
    """,
    """
    CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit
    BEGIN SELECT raise(ABORT, 'the audit log is never edited'); END
    """,
)
