"""The audit log: who changed what, when, from where. Written in the transaction of the change, and never edited."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pyproxy.storage.database import Database

Origin = Literal["page", "api", "command"]
"""What the change was made with: the admin pages, the JSON API, or a command on the machine."""

Witness = Callable[[sqlite3.Connection], None]
"""Called in the transaction of a change: both are written, or none."""

CHANGED = "changed"
"""What stands for the value of a secret."""

LONGEST_PAGE = 1001

NEWEST = 2**63 - 1
"""Above every id."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value: as text for people, ``None`` where there is none. A secret's values are `CHANGED` or ``None``."""

    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts. ``address`` is the client's, empty for a command."""

    name: str
    origin: Origin
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the log: ``at`` in unix seconds; ``action`` is such as "changed", ``subject`` as "upstream pypi"."""

    id: int
    at: float
    actor: Actor
    action: str
    subject: str
    changes: tuple[Change, ...]


class AuditLog:
    """The log of a storage directory; ``clock`` gives unix seconds. Everything raises `StorageError`."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def witness(self, actor: Actor, action: str, subject: str, changes: tuple[Change, ...] = ()) -> Witness:
        """What writes one line in the transaction of the change that it tells of."""
        values = {
            "at": self._clock(),
            "actor": actor.name,
            "origin": actor.origin,
            "address": actor.address,
            "action": action,
            "subject": subject,
            "changes": json.dumps([(change.field, change.old, change.new) for change in changes]),
        }

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                """
                INSERT INTO audit (at, actor, origin, address, action, subject, changes)
                VALUES (:at, :actor, :origin, :address, :action, :subject, :changes)
                """,
                values,
            )

        return write

    def write(self, actor: Actor, action: str, subject: str, changes: tuple[Change, ...] = ()) -> None:
        """A line of its own, for what changes no row: a purge, a sign-in. Waits for the database."""
        self._database.write_now(self.witness(actor, action, subject, changes))

    def entries(
        self, *, before: int | None = None, actor: str = "", subject: str = "", action: str = "", limit: int = 100
    ) -> list[Entry]:
        """The newest first, from below the id ``before``, with such a part in actor, subject and action."""
        rows = self._database.all(
            """
            SELECT id, at, actor, origin, address, action, subject, changes FROM audit
            WHERE id < :before
                AND (:actor = '' OR instr(lower(actor), lower(:actor)) > 0)
                AND (:action = '' OR instr(lower(action), lower(:action)) > 0)
                AND (:subject = '' OR instr(lower(subject), lower(:subject)) > 0)
            ORDER BY id DESC LIMIT :limit
            """,
            {
                "before": NEWEST if before is None else before,
                "actor": actor,
                "subject": subject,
                "action": action,
                "limit": min(limit, LONGEST_PAGE),
            },
        )
        return [_entry(row) for row in rows]


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        id=row["id"],
        at=row["at"],
        actor=Actor(name=row["actor"], origin=row["origin"], address=row["address"]),
        action=row["action"],
        subject=row["subject"],
        changes=tuple(Change(field, old, new) for field, old, new in json.loads(row["changes"])),
    )
