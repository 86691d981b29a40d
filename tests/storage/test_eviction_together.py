"""Evicting while others keep, use, forget and evict; and until a limit that was lowered is kept to."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.storage import eviction, file_rows
from pyproxy.storage.database import Database
from pyproxy.storage.eviction import Eviction
from pyproxy.storage.manifests import Places
from pyproxy.storage.shelf import Shelf
from pyproxy.storage.uses import Uses
from tests.storage.conftest import Clock, OpenStore
from tests.storage.evicting import SIZE, content, here, keep_all, total
from tests.storage.keeping import keep, on_disk, sha256_of


async def test_many_that_are_kept_at_once_stay_within_the_limit_together(
    open_store: OpenStore, clock: Clock, database: Database
) -> None:
    """By two stores, as if by two processes; and no more goes than has to."""
    stores = [open_store(5 * SIZE), open_store(5 * SIZE)]
    names = [f"n{number}" for number in range(40)]
    await asyncio.gather(
        *(keep(stores[number % 2], content(name), f"{name}.whl") for number, name in enumerate(names))
    )
    assert total(database) == 5 * SIZE
    assert len(here(stores[0], *names).split()) == 5


class Disturbed(Shelf):
    """A shelf on which something else happens after bytes were picked, before they go."""

    def __init__(self, directory: Path, database: Database, disturb: Callable[[], None]) -> None:
        super().__init__(Places(directory / "files"), database)
        self._disturb = disturb

    def evict(self, sha256: str, delete: Callable[[sqlite3.Connection], bool], workspace: Path) -> bool:
        self._disturb()
        return super().evict(sha256, delete, workspace)


async def test_what_was_picked_stays_when_another_process_makes_the_room_first(
    open_store: OpenStore, clock: Clock, database: Database, tmp_path: Path
) -> None:
    files = open_store(None)
    await keep_all(files, clock, "a", "b", "c")

    def forget_b() -> None:
        database.write_now(lambda connection: file_rows.delete_content(connection, sha256_of(content("b"))))

    shelf = Disturbed(tmp_path, database, forget_b)
    Eviction(database, shelf, Uses(database), max_size=2 * SIZE, workspace=tmp_path / "tmp").trim()
    assert here(files, "a", "b", "c") == "a c"


async def test_what_was_picked_stays_when_it_is_used_before_it_goes(
    open_store: OpenStore, clock: Clock, database: Database, tmp_path: Path
) -> None:
    files, uses = open_store(None), Uses(database)
    await keep_all(files, clock, "a", "b", "c")
    shelf = Disturbed(tmp_path, database, lambda: uses.note(sha256_of(content("a")), clock.now + 1))
    Eviction(database, shelf, uses, max_size=2 * SIZE, workspace=tmp_path / "tmp").trim()
    assert here(files, "a", "b", "c") == "a c"


async def test_a_lowered_limit_is_kept_to_once_trimmed(
    open_store: OpenStore, clock: Clock, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eviction, "AT_ONCE", 2)
    await keep_all(open_store(None), clock, *"abcdefgh")
    stores = [open_store(3 * SIZE), open_store(3 * SIZE)]
    assert total(database) == 8 * SIZE, "opening evicts nothing"
    await asyncio.gather(*(store.trim() for store in stores))
    assert here(stores[0], *"abcdefgh") == "f g h"
    assert total(database) == 3 * SIZE


async def test_until_a_lowered_limit_is_trimmed_to_each_file_makes_room_for_itself_only(
    open_store: OpenStore, clock: Clock
) -> None:
    await keep_all(open_store(None), clock, *"abcdef")
    files = open_store(2 * SIZE)
    await keep_all(files, clock, "g")
    assert here(files, *"abcdefg") == "c d e f g", "one for before, and one for after"


async def test_a_trim_that_the_end_cuts_short_leaves_all_sound_and_is_gone_on_with(
    open_store: OpenStore, clock: Clock, database: Database, tmp_path: Path
) -> None:
    names = [f"n{number}" for number in range(50)]
    await keep_all(open_store(None), clock, *names)
    ending = open_store(SIZE)
    trimming = asyncio.get_running_loop().create_task(ending.trim())
    await asyncio.sleep(0)
    ending.close()
    await trimming
    files = open_store(SIZE)
    assert len(on_disk(tmp_path)) == 2 * len(here(files, *names).split())
    await files.trim()
    assert here(files, *names) == names[-1]
