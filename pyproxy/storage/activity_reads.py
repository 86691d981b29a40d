"""The recent requests, newest first, by what they were about and how they ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pyproxy.storage.activity import ROWS, ClientRequest, UpstreamRequest
from pyproxy.storage.snapshots import Reads

LONGEST_TEXT = 1000
"""Characters of a text or pattern that are looked for; none that is stored is as long."""

R = TypeVar("R", bound=ClientRequest | UpstreamRequest)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: all that match each column named in ``patterns``, in which ``*`` stands for any characters.

    Of a column in ``any_of``, any of the values. Columns are those of the rows, and never come from outside.
    """

    patterns: dict[str, str]
    any_of: dict[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where to read: ``before`` an id, or the newest ones ``after`` an id; at most ``limit`` rows.

    ``nearest``: of those after the id the ones that come next, and not the newest.
    """

    before: int | None = None
    after: int | None = None
    nearest: bool = False
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Row(Generic[R]):
    """A request and its place in the order of all: later ones have greater ids."""

    id: int
    request: R


@dataclass(frozen=True, slots=True)
class Extent:
    """What is kept of one kind: since when (unix seconds; ``None``: nothing), to which id, and what was left out."""

    since: float | None
    newest_id: int
    rows: int
    left_out: int


class ActivityReads:
    """Reads both kinds. Everything raises `StorageError`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    def clients(self, wanted: Wanted, place: Place) -> list[Row[ClientRequest]]:
        """Requests of clients, the newest first."""
        return self._rows("client_requests", ClientRequest._fields, ClientRequest._make, wanted, place)

    def upstreams(self, wanted: Wanted, place: Place) -> list[Row[UpstreamRequest]]:
        """Requests to upstreams, the newest first."""
        return self._rows("upstream_requests", UpstreamRequest._fields, UpstreamRequest._make, wanted, place)

    def clients_extent(self) -> Extent:
        """Of all requests of clients, whatever is wanted."""
        return self._extent("client_requests")

    def upstreams_extent(self) -> Extent:
        """Of all requests to upstreams, whatever is wanted."""
        return self._extent("upstream_requests")

    def _rows(
        self,
        table: str,
        columns: Sequence[str],
        make: Callable[[Iterable[Any]], R],
        wanted: Wanted,
        place: Place,
    ) -> list[Row[R]]:
        where, values = _condition(wanted, place)
        order = "ASC" if place.nearest else "DESC"
        rows = self._reads.all(
            f"SELECT {', '.join(columns)}, id FROM {table} WHERE {where} ORDER BY id {order} LIMIT :limit",
            {**values, "limit": max(0, min(place.limit, ROWS))},
        )
        return [Row(row["id"], make(tuple(row)[:-1])) for row in (reversed(rows) if place.nearest else rows)]

    def _extent(self, table: str) -> Extent:
        row = self._reads.one(
            f"SELECT min(at), coalesce(max(id), 0), count(*), coalesce(sum(left_out), 0) FROM {table}", {}
        )
        assert row is not None
        return Extent(*row)


def _condition(wanted: Wanted, place: Place) -> tuple[str, dict[str, object]]:
    conditions = ["1"]
    values: dict[str, object] = {}
    if place.before is not None:
        conditions.append("id < :before")
        values["before"] = _id(place.before)
    if place.after is not None:
        conditions.append("id > :after")
        values["after"] = _id(place.after)
    for column, pattern in wanted.patterns.items():
        conditions.append(f"{column} GLOB :{column}")
        values[column] = _glob(pattern)
    for column, choices in wanted.any_of.items():
        names = [f"{column}_{number}" for number in range(len(choices))]
        conditions.append(f"{column} IN ({', '.join(f':{name}' for name in names)})")
        values |= zip(names, map(_text, choices), strict=True)
    return " AND ".join(conditions), values


def _glob(pattern: str) -> str:
    """As SQLite writes it: only ``*`` means something."""
    return "".join(f"[{character}]" if character in "[?" else character for character in _text(pattern))


def _text(text: str) -> str:
    """What SQLite takes: not half of a surrogate pair, and no more than a pattern may have."""
    return text[:LONGEST_TEXT].encode(errors="replace").decode()


def _id(number: int) -> int:
    """Within what SQLite takes for a number; no row has an id beyond that."""
    return max(0, min(number, 2**63 - 1))
