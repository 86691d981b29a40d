"""Looks through the recent requests, a page at a time, the newest first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, TypeVar

from pyproxy.admin.activity.filters import CallFilter, ClientFilter
from pyproxy.storage.activity import ROWS as ROWS  # these and the places, for handlers
from pyproxy.storage.activity import ClientRequest as ClientRequest
from pyproxy.storage.activity import UpstreamRequest as UpstreamRequest
from pyproxy.storage.activity_reads import ActivityReads, Extent, Row
from pyproxy.storage.activity_reads import Place as Place
from pyproxy.storage.database import Database
from pyproxy.storage.snapshots import Reads, in_snapshot

R = TypeVar("R", bound=ClientRequest | UpstreamRequest)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityPage(Generic[R]):
    """Some of what is wanted, the newest first.

    ``older`` is the ``before`` of the next page, ``None`` on the last one; ``newer`` the ``after`` of the page with the
    nearest ones that are newer, ``None`` on the first one. ``newest_id`` is the ``after`` with which to ask for what
    comes later. ``since`` is the time of the oldest request that is kept (unix seconds), wanted or not,
    and ``left_out`` how many there were since then that have no row, because there were too many at a time.
    """

    rows: tuple[Row[R], ...]
    older: int | None
    newer: int | None
    newest_id: int
    since: float | None
    left_out: int


class Activity:
    """Everything raises `StorageError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def clients(self, wanted: ClientFilter, place: Place) -> ActivityPage[ClientRequest]:
        """Requests of clients."""
        return await in_snapshot(self._database, partial(_clients, wanted=wanted, place=place))

    async def calls(self, wanted: CallFilter, place: Place) -> ActivityPage[UpstreamRequest]:
        """Requests to upstreams."""
        return await in_snapshot(self._database, partial(_calls, wanted=wanted, place=place))


def _clients(reads: Reads, *, wanted: ClientFilter, place: Place) -> ActivityPage[ClientRequest]:
    activity = ActivityReads(reads)
    rows = activity.clients(wanted.wanted(), _with_one_more(place))
    return _page(rows, activity.clients_extent(), place)


def _calls(reads: Reads, *, wanted: CallFilter, place: Place) -> ActivityPage[UpstreamRequest]:
    activity = ActivityReads(reads)
    rows = activity.upstreams(wanted.wanted(), _with_one_more(place))
    return _page(rows, activity.upstreams_extent(), place)


def _with_one_more(place: Place) -> Place:
    """Which tells whether there is a further page."""
    return replace(place, limit=place.limit + 1)


def _page(rows: list[Row[R]], extent: Extent, place: Place) -> ActivityPage[R]:
    shown = tuple(rows[max(0, len(rows) - place.limit) :] if place.nearest else rows[: place.limit])
    is_more = len(rows) > len(shown)
    has_older, has_newer = (True, is_more) if place.nearest else (is_more, place.before is not None)
    return ActivityPage(
        rows=shown,
        older=shown[-1].id if shown and has_older else None,
        newer=shown[0].id if shown and has_newer else None,
        newest_id=extent.newest_id,
        since=extent.since,
        left_out=extent.left_out,
    )
