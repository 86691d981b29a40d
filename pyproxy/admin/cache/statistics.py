"""How full the cache is and of what, beside the limits that hold: for ``cache stats`` and the pages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pyproxy.storage.database import Database
from pyproxy.storage.inventory import Inventory, Totals, UpstreamTotals
from pyproxy.storage.space import Arriving, arriving, free_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """``max_size`` and ``min_free`` are the configured limits in bytes; ``free_bytes`` is what the disk has left."""

    directory: str
    totals: Totals
    upstreams: tuple[UpstreamTotals, ...]
    arriving: Arriving
    max_size: int | None
    min_free: int
    free_bytes: int


def statistics(database: Database, directory: Path, *, max_size: int | None, min_free: int) -> Statistics:
    """Look; some milliseconds, however many files there are. Raises `StorageError`."""
    inventory = Inventory(database)
    return Statistics(
        directory=str(directory.absolute()),
        totals=inventory.totals(),
        upstreams=tuple(inventory.by_upstream()),
        arriving=arriving(directory),
        max_size=max_size,
        min_free=min_free,
        free_bytes=free_bytes(directory),
    )
