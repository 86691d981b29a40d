"""The newest requests of clients, and those to upstreams, a row for each: bounded, for all workers together."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

from pyproxy.storage.database import Database

ROWS = 5000
"""Rows that are kept of each kind; the oldest go."""

Result = Literal["found", "missing", "failed"]


class ClientRequest(NamedTuple):
    """A request that has ended, ``at`` then (unix seconds), after so many ``seconds``; ``sent`` are bytes of its body.

    ``agent`` is the client's first word about itself (``pip/24.0``). ``project`` and ``filename`` are empty where it
    was about none; then ``address`` is the path that was asked for. ``outcome`` is a word of `repositories.outcomes`.
    """

    at: float
    client: str
    agent: str
    method: str
    route: str
    project: str
    filename: str
    address: str
    status: int
    outcome: str
    upstream: str
    sent: int
    seconds: float


class UpstreamRequest(NamedTuple):
    """A request to an upstream that has ended ``at`` then (unix seconds).

    ``kind`` and ``reason`` tell of a failure, and are empty else (`storage.failures`). ``seconds`` is how long the
    upstream took, ``received`` the bytes of its body, where that was measured.
    """

    at: float
    upstream: str
    route: str
    project: str
    filename: str
    result: Result
    kind: str
    reason: str
    seconds: float | None
    received: int | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What ended meanwhile, in order; ``…_left_out`` counts those beside them for which there is no row."""

    clients: Sequence[ClientRequest] = ()
    clients_left_out: int = 0
    upstreams: Sequence[UpstreamRequest] = ()
    upstreams_left_out: int = 0


class ActivityStore:
    """Keeps the newest rows."""

    def __init__(self, database: Database, *, rows: int = ROWS) -> None:
        self._database = database
        self._rows = rows

    async def add(self, batch: Batch) -> None:
        """Add them in one transaction, and remove the oldest beyond the bound.

        Does not wait for a database that another process keeps busy. Raises `StorageError`; then nothing was added.
        """
        await self._database.write(partial(self._add, batch=batch), patient=False)

    def _add(self, connection: sqlite3.Connection, *, batch: Batch) -> None:
        if batch.clients:
            rows = [row._asdict() for row in batch.clients]
            _insert(connection, _ADD_CLIENT, rows, batch.clients_left_out)
            connection.execute(_TRIM_CLIENTS, {"rows": self._rows})
        if batch.upstreams:
            rows = [row._asdict() for row in batch.upstreams]
            _insert(connection, _ADD_UPSTREAM, rows, batch.upstreams_left_out)
            connection.execute(_TRIM_UPSTREAMS, {"rows": self._rows})


def _insert(connection: sqlite3.Connection, sql: str, rows: Sequence[dict[str, Any]], left_out: int) -> None:
    """The last row of a batch tells how many were left out in it, and takes that along when it goes."""
    last = len(rows) - 1
    connection.executemany(
        sql, ({**row, "left_out": left_out if number == last else 0} for number, row in enumerate(rows))
    )


def _insertion(table: str, columns: Sequence[str]) -> str:
    places = ", ".join(f":{column}" for column in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}, left_out) VALUES ({places}, :left_out)"


_ADD_CLIENT = _insertion("client_requests", ClientRequest._fields)
_ADD_UPSTREAM = _insertion("upstream_requests", UpstreamRequest._fields)

# Ids come without gaps, since a transaction that fails takes back those that it gave.
_TRIM_CLIENTS = "DELETE FROM client_requests WHERE id <= (SELECT max(id) FROM client_requests) - :rows"
_TRIM_UPSTREAMS = "DELETE FROM upstream_requests WHERE id <= (SELECT max(id) FROM upstream_requests) - :rows"
