"""What a prune would remove, before anything goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from pyproxy.admin.cache.ages import Ages, horizon
from pyproxy.admin.cache.pruning import Pruned, planned
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.aside import aside
from pyproxy.storage.database import Database
from pyproxy.storage.outdated import Horizon
from pyproxy.storage.pruning import Limits
from pyproxy.storage.use_days import OldFile, UseDays

LISTED = 100
"""Files that a preview lists, of those that go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How much may stay: ``max_size`` bytes, and what was used within ``unused_for`` seconds; ``None`` for any.

    As it is told to a job, too; nothing given, nothing goes but outdated answers.
    """

    max_size: int | None = None
    unused_for: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunePreview:
    """What would go: the sums, and the files that go first.

    ``limits`` and ``outdated`` are the wish and the configuration as of now: what a prune works with.
    """

    wish: Wish
    limits: Limits
    outdated: Horizon
    pruned: Pruned
    first: tuple[OldFile, ...]

    @property
    def files(self) -> int:
        """How many files would go, by their bytes and not by their names."""
        return self.pruned.unused.files + self.pruned.surplus.files

    @property
    def bytes(self) -> int:
        """Their bytes."""
        return self.pruned.unused.bytes + self.pruned.surplus.bytes


class PrunePreviews:
    """Previews for one storage directory. ``upstreams`` gives their settings as they are now."""

    def __init__(
        self,
        database: Database,
        *,
        ages: Ages,
        upstreams: Callable[[], Iterable[UpstreamSettings]],
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._ages = ages
        self._upstreams = upstreams
        self._clock = clock

    async def preview(self, wish: Wish) -> PrunePreview:
        """What would go now. Raises `StorageError`."""
        now = self._clock()
        limits = Limits(wish.max_size, None if wish.unused_for is None else now - wish.unused_for)
        outdated = horizon(self._ages, self._upstreams(), now)
        return await aside(self._database, partial(_preview, wish=wish, limits=limits, outdated=outdated))


def _preview(database: Database, *, wish: Wish, limits: Limits, outdated: Horizon) -> PrunePreview:
    pruned = planned(database, limits, outdated)
    going = pruned.unused.files + pruned.surplus.files
    first = UseDays(database).first(min(LISTED, going))
    return PrunePreview(wish=wish, limits=limits, outdated=outdated, pruned=pruned, first=tuple(first))
