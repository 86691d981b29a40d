"""The cache made smaller at somebody's wish: old files, too many files, and answers that count no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from pyproxy.admin.cache.whole_steps import whole
from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from pyproxy.storage.inventory import Inventory
from pyproxy.storage.outdated import Horizon, Outdated, OutdatedAnswers
from pyproxy.storage.pruning import FilePruning, Limits
from pyproxy.storage.space import reclaim


@dataclass(frozen=True, slots=True)
class Amount:
    """So many files with so many bytes together."""

    files: int = 0
    bytes: int = 0

    def more(self, size: int) -> Amount:
        """With one file more."""
        return Amount(self.files + 1, self.bytes + size)


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
    """Finds and removes what is beyond limits. Everything raises `StorageError`."""

    def __init__(self, database: Database, files: FileStore) -> None:
        self._database = database
        self._pruning = FilePruning(database, files)
        self._outdated = Outdated(database)
        self._inventory = Inventory(database)

    def plan(self, limits: Limits, outdated: Horizon) -> Pruned:
        """What `prune` would remove; nothing is removed."""
        unused, surplus = Amount(), Amount()
        for going in self._pruning.going(limits):
            if going.unused:
                unused = unused.more(going.content.size)
            else:
                surplus = surplus.more(going.content.size)
        return Pruned(
            unused=unused, surplus=surplus, outdated=self._outdated.count(outdated), kept=self._kept(unused, surplus)
        )

    async def prune(self, limits: Limits, outdated: Horizon, tell: Callable[[int], None]) -> Pruned:
        """Remove it; ``tell`` is called with the bytes of each file as it goes. May be cancelled at any point."""
        answers = self._outdated.count(outdated)
        unused, surplus = Amount(), Amount()
        for going in self._pruning.going(limits):
            if await whole(partial(self._pruning.remove, going, limits)):
                if going.unused:
                    unused = unused.more(going.content.size)
                else:
                    surplus = surplus.more(going.content.size)
                tell(going.content.size)
        await whole(partial(self._outdated.remove, outdated))
        freed = await whole(partial(reclaim, self._database))
        return Pruned(unused=unused, surplus=surplus, outdated=answers, kept=self._kept(), database_bytes=freed)

    def _kept(self, *going: Amount) -> Amount:
        contents, size = self._inventory.contents()
        return Amount(contents - sum(each.files for each in going), size - sum(each.bytes for each in going))
