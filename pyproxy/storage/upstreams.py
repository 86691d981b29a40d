"""The upstreams: their settings, order and identity. The database rules; YAML only introduces names.

Every change bumps the *revision*, by which a running server notices. An upstream's *generation* is bumped when its
index URL changes: its pages are gone from that moment on. Everything here is synchronous: commands and the
administration's thread change, the event loop only reads.

A *version* names a state of one upstream's settings, another one the order of them all. Whoever changes something may
say which version it was made up from (``expected``): if that is no more, nothing is changed. A ``witness`` writes its
line in the same transaction.
"""

from __future__ import annotations

import builtins
import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from pyproxy.errors import ConfigurationError, NameTaken, UnknownUpstream, VersionConflict
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.audit import Witness
from pyproxy.storage.database import Database
from pyproxy.storage.pages import PageKey
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstream_rows import COLUMNS, to_row, to_settings

_SELECT = f"SELECT id, generation, priority, {', '.join(COLUMNS)} FROM upstreams"


PAGES_AT_ONCE = 2000
"""Pages of an upstream that are removed in one transaction, so that other writes get their turn."""


@dataclass(frozen=True, slots=True)
class StoredUpstream:
    """An upstream as it is stored; ``id`` stays for its life, ``priority`` counts from 1.

    ``version`` is another one after each change of its settings, but not of its priority; it tells nothing of them.
    """

    id: int
    generation: int
    priority: int
    settings: UpstreamSettings
    version: str = ""

    @property
    def key(self) -> PageKey:
        """Under which its pages are kept."""
        return PageKey(self.id, self.generation)


class UpstreamStore:
    """The upstreams of a storage directory.

    With ``reveal=False`` no secret is decrypted: ``***`` stands for each, so that showing upstreams works without
    the key too. An unknown name raises `UnknownUpstream`, one that is known already `NameTaken`, a version
    that is no more `VersionConflict`; secrets that another key encrypted raise `StorageError`.
    """

    def __init__(self, database: Database, secrets: SecretBox) -> None:
        self._database = database
        self._secrets = secrets

    def list(self, *, reveal: bool = True) -> builtins.list[StoredUpstream]:
        """All of them in priority order, the inactive ones too."""
        rows = self._database.all(f"{_SELECT} ORDER BY priority, id", {})
        return [self._stored(row, reveal) for row in rows]

    def get(self, name: str, *, reveal: bool = True) -> StoredUpstream:
        """One of them."""
        row = self._database.one(f"{_SELECT} WHERE name = :name", {"name": name})
        if row is None:
            raise _unknown(self._database.read, name)
        return self._stored(row, reveal)

    def revision(self) -> int:
        """A number that is another one after every change, also of other processes."""
        row = self._database.one("SELECT revision FROM upstreams_revision", {})
        assert row is not None
        return int(row["revision"])

    def add(
        self, settings: UpstreamSettings, priority: int | None = None, *, witness: Witness | None = None
    ) -> StoredUpstream:
        """A new upstream, at a position (counted from 1) or last."""

        def add(connection: sqlite3.Connection) -> None:
            if _id_of(connection, settings.name) is not None:
                raise NameTaken(
                    f"there is an upstream named {settings.name} already",
                    key="name",
                    suggestion="choose another name, or change that one",
                )
            self._insert(connection, settings, priority)
            _done(connection, witness)

        self._database.write_now(add)
        return self.get(settings.name)

    def change(
        self,
        name: str,
        settings: UpstreamSettings,
        *,
        position: int | None = None,
        expected: str | None = None,
        witness: Witness | None = None,
    ) -> StoredUpstream:
        """Replace an upstream's settings, and move it to a position if one is given; its name stays.

        Another index URL costs it its pages, not its files.
        """
        if settings.name != name:
            raise ConfigurationError(
                f"the name of upstream {name} cannot be changed",
                key="name",
                suggestion="add a new upstream and remove this one",
            )
        row = to_row(settings, self._secrets)
        if self.get(name, reveal=False).settings.index_url != settings.index_url:
            while self.drop_pages(name, expected):
                pass

        def change(connection: sqlite3.Connection) -> None:
            old = _expected(connection, name, expected)
            values = {**row, "id": old["id"]}
            before = UpstreamSettings(name=name, url=old["url"], index_path=old["index_path"])
            assignments = ", ".join(f"{column} = :{column}" for column in COLUMNS)
            connection.execute(f"UPDATE upstreams SET {assignments} WHERE id = :id", values)
            if before.index_url != settings.index_url:
                connection.execute("UPDATE upstreams SET generation = generation + 1 WHERE id = :id", values)
                connection.execute("DELETE FROM pages WHERE upstream_id = :id", values)
            if position is not None:
                _renumber(connection, old["id"], position)
            _done(connection, witness)

        self._database.write_now(change)
        return self.get(name)

    def move(
        self, name: str, position: int, *, expected: str | None = None, witness: Witness | None = None
    ) -> None:
        """Give an upstream a place in the order, counted from 1; too large a number means last.

        ``expected`` is the `order_version` of the order that the move was made up from.
        """

        def move(connection: sqlite3.Connection) -> None:
            moved = _known_id(connection, name)
            if expected is not None and expected != order_version(_names(connection)):
                raise VersionConflict("the order of the upstreams")
            _renumber(connection, moved, position)
            _done(connection, witness)

        self._database.write_now(move)

    def remove(self, name: str, *, expected: str | None = None, witness: Witness | None = None) -> None:
        """Remove an upstream with its pages and recorded hashes; verified files stay. YAML brings it not back."""
        while self.drop_pages(name, expected):
            pass

        def remove(connection: sqlite3.Connection) -> None:
            old = _expected(connection, name, expected)
            connection.execute("DELETE FROM upstreams WHERE id = :id", {"id": old["id"]})
            _renumber(connection)
            _done(connection, witness)

        self._database.write_now(remove)

    def drop_pages(self, name: str, expected: str | None = None) -> bool:
        """Remove some of the pages of an upstream that is about to lose them, briefly; whether there may be more."""
        sql = """
            DELETE FROM pages WHERE (project, upstream_id) IN (
                SELECT project, upstream_id FROM pages INDEXED BY pages_by_upstream
                WHERE upstream_id = :id LIMIT :limit
            )
            """

        def drop(connection: sqlite3.Connection) -> int:
            values = {"id": _expected(connection, name, expected)["id"], "limit": PAGES_AT_ONCE}
            return connection.execute(sql, values).rowcount

        return self._database.write_now(drop) == PAGES_AT_ONCE

    def seed(self, upstreams: Iterable[tuple[UpstreamSettings, int | None]]) -> builtins.list[str]:
        """Add those whose name was never seen before, with their priority (``None``: last); the names added."""
        # In the order of their priorities, so that each finds those before it in place already.
        wanted = sorted(upstreams, key=lambda pair: (pair[1] is None, pair[1] or 0))
        seen = {row["name"] for row in self._database.all("SELECT name FROM seen_upstreams", {})}
        if all(settings.name in seen for settings, _ in wanted):
            return []

        def seed(connection: sqlite3.Connection) -> builtins.list[str]:
            added = []
            for settings, priority in wanted:
                sql = "SELECT 1 FROM seen_upstreams WHERE name = :name"
                if connection.execute(sql, {"name": settings.name}).fetchone() is None:
                    self._insert(connection, settings, priority)
                    added.append(settings.name)
            if added:
                _bump_revision(connection)
            return added

        return self._database.write_now(seed)

    def _stored(self, row: sqlite3.Row, reveal: bool) -> StoredUpstream:
        settings = to_settings(row, self._secrets if reveal else None)
        return StoredUpstream(row["id"], row["generation"], row["priority"], settings, _version(row))

    def _insert(self, connection: sqlite3.Connection, settings: UpstreamSettings, priority: int | None) -> None:
        places = ", ".join(f":{column}" for column in COLUMNS)
        last = connection.execute("SELECT count(*) FROM upstreams").fetchone()[0] + 1
        cursor = connection.execute(
            f"INSERT INTO upstreams (priority, {', '.join(COLUMNS)}) VALUES (:priority, {places})",
            {**to_row(settings, self._secrets), "priority": last},
        )
        connection.execute("INSERT OR IGNORE INTO seen_upstreams (name) VALUES (:name)", {"name": settings.name})
        if priority is not None:
            _renumber(connection, cursor.lastrowid, priority)


def order_version(names: Iterable[str]) -> str:
    """What names the order of upstreams, given by their names."""
    return _digest(*names)


def _version(row: sqlite3.Row) -> str:
    # Secrets go in as they are encrypted, differently each time: nobody can try passwords against a version.
    return _digest(*(row[column] for column in ("id", "generation", *COLUMNS)))


def _digest(*values: object) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()[:20]


def _expected(connection: sqlite3.Connection, name: str, expected: str | None) -> sqlite3.Row:
    """The row of an upstream, which must be the expected one."""
    row: sqlite3.Row | None = connection.execute(f"{_SELECT} WHERE name = :name", {"name": name}).fetchone()
    if row is None:
        raise _unknown(connection, name)
    if expected is not None and expected != _version(row):
        raise VersionConflict(f"upstream {name}")
    return row


def _done(connection: sqlite3.Connection, witness: Witness | None) -> None:
    """The end of a change."""
    _bump_revision(connection)
    if witness is not None:
        witness(connection)


def _renumber(connection: sqlite3.Connection, moved: int | None = None, position: int = 1) -> None:
    """Number the priorities 1, 2, 3…, with one upstream moved to a position."""
    ids = [row["id"] for row in connection.execute("SELECT id FROM upstreams ORDER BY priority, id")]
    if moved is not None:
        ids.remove(moved)
        ids.insert(max(position, 1) - 1, moved)
    connection.executemany(
        "UPDATE upstreams SET priority = :priority WHERE id = :id",
        [{"priority": priority, "id": each} for priority, each in enumerate(ids, start=1)],
    )


def _bump_revision(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE upstreams_revision SET revision = revision + 1")


def _id_of(connection: sqlite3.Connection, name: str) -> int | None:
    row = connection.execute("SELECT id FROM upstreams WHERE name = :name", {"name": name}).fetchone()
    return None if row is None else int(row["id"])


def _known_id(connection: sqlite3.Connection, name: str) -> int:
    known = _id_of(connection, name)
    if known is None:
        raise _unknown(connection, name)
    return known


def _names(connection: sqlite3.Connection) -> Sequence[str]:
    """In priority order."""
    return [row["name"] for row in connection.execute("SELECT name FROM upstreams ORDER BY priority, id")]


def _unknown(connection: sqlite3.Connection, name: str) -> UnknownUpstream:
    names = _names(connection)
    close = get_close_matches(name, names, n=1)
    if close:
        suggestion = f"did you mean {close[0]}?"
    elif names:
        suggestion = f"the upstreams are {', '.join(names)}"
    else:
        suggestion = "there are none yet: pyproxy upstream add NAME URL"
    return UnknownUpstream(f"there is no upstream named {name}", suggestion=suggestion)
