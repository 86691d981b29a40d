"""Files removed at somebody's wish, the least recently used first."""

from __future__ import annotations

from pathlib import Path

from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from pyproxy.storage.pruning import FilePruning, Limits
from tests.storage.conftest import Clock, OpenStore
from tests.storage.evicting import SIZE, assert_sound, content, here, keep_all, total
from tests.storage.keeping import sha256_of


def prune(database: Database, files: FileStore, limits: Limits) -> list[bool]:
    """Whether each went because it was unused."""
    pruning = FilePruning(database, files, at_once=2)
    return [going.unused for going in pruning.going(limits) if pruning.remove(going, limits)]


async def test_the_least_recently_used_go_until_few_enough_bytes_are_left(
    tmp_path: Path, database: Database, open_store: OpenStore, clock: Clock
) -> None:
    files = open_store(None)
    await keep_all(files, clock, *"abcde")
    files.note_use(sha256_of(content("a")), clock.now + 1)
    await files.flush_uses()

    assert prune(database, files, Limits(max_size=2 * SIZE)) == [False, False, False]

    assert here(files, *"abcde") == "a e"
    assert total(database) == 2 * SIZE
    assert_sound(tmp_path, database, files)


async def test_what_was_not_used_since_goes_however_much_room_there_is(
    database: Database, open_store: OpenStore, clock: Clock
) -> None:
    files = open_store(None)
    await keep_all(files, clock, *"abcd")

    assert prune(database, files, Limits(unused_since=clock.now - 1)) == [True, True]
    assert here(files, *"abcd") == "c d"


async def test_both_limits_hold_together(database: Database, open_store: OpenStore, clock: Clock) -> None:
    files = open_store(None)
    await keep_all(files, clock, *"abcd")

    assert prune(database, files, Limits(max_size=SIZE, unused_since=clock.now - 2)) == [True, False, False]
    assert here(files, *"abcd") == "d"


async def test_without_anything_too_much_nothing_goes(database: Database, open_store: OpenStore, clock: Clock) -> None:
    files = open_store(None)
    await keep_all(files, clock, *"ab")
    assert prune(database, files, Limits(max_size=2 * SIZE, unused_since=0.0)) == []
    assert here(files, *"ab") == "a b"


async def test_what_is_used_between_picking_and_removing_stays(
    database: Database, open_store: OpenStore, clock: Clock
) -> None:
    files = open_store(None)
    await keep_all(files, clock, *"ab")
    pruning, limits = FilePruning(database, files), Limits(unused_since=clock.now + 1)
    going = list(pruning.going(limits))
    files.note_use(sha256_of(content("a")), clock.now + 5)
    await files.flush_uses()

    assert [pruning.remove(each, limits) for each in going] == [False, True]
    assert here(files, *"ab") == "a"


async def test_what_others_made_room_for_meanwhile_stays(
    database: Database, open_store: OpenStore, clock: Clock
) -> None:
    files = open_store(None)
    await keep_all(files, clock, *"abc")
    pruning, limits = FilePruning(database, files), Limits(max_size=2 * SIZE)
    [going] = pruning.going(limits)
    await files.forget("x", "c.whl")

    assert not pruning.remove(going, limits)
    assert here(files, *"abc") == "a b"


async def test_an_open_file_is_read_to_its_end(database: Database, open_store: OpenStore, clock: Clock) -> None:
    files = open_store(None)
    await keep_all(files, clock, "a")
    stored = files.find("x", "a.whl", sha256_of(content("a")))
    assert stored is not None
    with stored.open() as stream:
        prune(database, files, Limits(max_size=0))
        assert stream.read() == content("a")
