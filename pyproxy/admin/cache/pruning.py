"""The cache made smaller at somebody's wish: old files, too many files, and answers that count no more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from pyproxy.admin.cache.whole_steps import whole
from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from pyproxy.storage.gentle_reads import Interrupted
from pyproxy.storage.outdated import Horizon, Outdated, OutdatedAnswers
from pyproxy.storage.pruning import FilePruning, Going, Limits
from pyproxy.storage.space import reclaim
from pyproxy.storage.use_days import Amount, UseDays


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What goes, or has gone: files not used for long, further ones to make room, outdated answers.

    ``kept`` are the files that stay. ``database_bytes``: what the database gave back (nothing in a dry run).
    """

    unused: Amount = field(default_factory=Amount)
    surplus: Amount = field(default_factory=Amount)
    outdated: OutdatedAnswers = field(default_factory=OutdatedAnswers)
    kept: Amount = field(default_factory=Amount)
    database_bytes: int = 0


class Pruning:
    """Finds and removes what is beyond limits. Everything raises `StorageError`.

    ``gone`` is what `prune` has removed so far; it may be looked at all the time.
    """

    def __init__(self, database: Database, files: FileStore) -> None:
        self._database = database
        self._pruning = FilePruning(database, files)
        self._outdated = Outdated(database)
        self._stopped = threading.Event()
        self.gone = Pruned()

    def plan(self, limits: Limits, outdated: Horizon) -> Pruned:
        """What `prune` would remove; nothing is removed. Looks at sums for files, and at every row for answers."""
        return planned(self._database, limits, outdated)

    async def prune(self, limits: Limits, outdated: Horizon, tell: Callable[[int], None]) -> Pruned:
        """Remove it, in a thread that must have the database for itself; ``tell`` is called there.

        ``tell`` gets the bytes of each file as it goes. May be cancelled at any point. Raises `Interrupted` once it was
        stopped.
        """
        return await whole(partial(self._prune, limits, outdated, tell), interrupt=self.stop)

    def stop(self) -> None:
        """Let it end soon; what has gone has gone."""
        self._stopped.set()

    def _prune(self, limits: Limits, outdated: Horizon, tell: Callable[[int], None]) -> Pruned:
        answers = self._outdated.count(outdated)
        for going in self._pruning.going(limits):
            self._check()
            if self._pruning.remove(going, limits):
                self._count(going)
                tell(going.content.size)
        self._outdated.remove(outdated, stopped=self._stopped.is_set)
        freed = reclaim(self._database, stopped=self._stopped.is_set)
        self._check()
        self.gone = replace(
            self.gone, outdated=answers, kept=UseDays(self._database).everything(), database_bytes=freed
        )
        return self.gone

    def _check(self) -> None:
        if self._stopped.is_set():
            raise Interrupted

    def _count(self, going: Going) -> None:
        if going.unused:
            self.gone = replace(self.gone, unused=self.gone.unused.more(going.content.size))
        else:
            self.gone = replace(self.gone, surplus=self.gone.surplus.more(going.content.size))


def planned(database: Database, limits: Limits, outdated: Horizon) -> Pruned:
    """What has to go. Raises `StorageError`."""
    days = UseDays(database)
    everything, since = days.everything(), limits.unused_since or 0.0
    unused = days.unused_since(since)
    surplus = Amount()
    if limits.max_size is not None:
        surplus = days.least_recent(everything.bytes - limits.max_size - unused.bytes, since=since)
    return Pruned(
        unused=unused,
        surplus=surplus,
        outdated=Outdated(database).count(outdated),
        kept=everything - unused - surplus,
    )
