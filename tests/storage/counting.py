"""Batches of counts, as short to write as tests need them."""

from __future__ import annotations

from pyproxy.storage.counted import CallTally, Counted, Hour, Latest, ProjectTally, RequestTally
from pyproxy.storage.database import Database
from pyproxy.storage.history_reads import HistoryReads, Window
from pyproxy.storage.periods import DAY, HOUR, start_of

NOON = 1_800_014_400.0
"""2027-01-15 12:00 UTC."""

Rows = list[tuple[object, ...]]


def hour(at: float, counted: Hour) -> Counted:
    """What was counted in the hour around ``at``."""
    return Counted({start_of(at, HOUR): counted})


def requests(at: float, number: int = 1, *, outcome: str = "hit", sent: int = 0, saved: int = 0) -> Counted:
    """Requests for pages."""
    return hour(at, Hour(requests={("page", outcome): RequestTally(number, sent, saved)}))


def calls(
    at: float,
    number: int = 1,
    *,
    upstream: str = "a",
    missing: int = 0,
    received: int = 0,
    failures: dict[str, int] | None = None,
    latencies: dict[int, int] | None = None,
) -> Counted:
    """Requests to an upstream."""
    return hour(at, Hour(calls={upstream: CallTally(number, missing, received, failures or {}, latencies or {})}))


def projects(at: float, pages: dict[str, int]) -> Counted:
    """Pages that were served."""
    return hour(at, Hour(projects={project: ProjectTally(times, 0) for project, times in pages.items()}))


def together(first: Counted, *others: Counted) -> Counted:
    """All that was counted, where it was in the same hour."""
    ((began, whole),) = first.hours.items()
    for other in others:
        whole.add(other.hours[began])
    return first


def latest(upstream_id: int, *newest: Latest) -> Counted:
    """How requests to an upstream ended, one after the other."""
    whole = newest[0]
    for each in newest[1:]:
        whole = whole.then(each)
    return Counted(latest={upstream_id: whole})


def the_day_of(at: float, *, length: int = HOUR) -> Window:
    """24 hours, or one day, from midnight on."""
    first = start_of(at, DAY)
    return Window(HOUR, first, HOUR, 24) if length == HOUR else Window(DAY, first, DAY, 1)


def added_up(database: Database, window: Window) -> int:
    """All requests of clients in a window."""
    return sum(row.requests for row in HistoryReads(database, window).requests())


def table(database: Database, name: str) -> Rows:
    """All rows of a table."""
    return [tuple(row) for row in database.all(f"SELECT * FROM {name} ORDER BY 1, 2, 3, 4", {})]
