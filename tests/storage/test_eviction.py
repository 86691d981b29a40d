"""With ``max_size`` the least recently used files make room, and nothing else is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyproxy.errors import StorageError
from pyproxy.simple.model import NormalizedName
from pyproxy.storage import eviction
from pyproxy.storage.database import Database
from pyproxy.storage.manifests import Places
from pyproxy.storage.recorded import RecordedHashes
from pyproxy.storage.upstreams import StoredUpstream
from tests.storage.conftest import Clock, OpenStore
from tests.storage.evicting import SIZE, content, here, keep_all, total
from tests.storage.keeping import PROJECT, keep, on_disk, sha256_of


async def test_the_least_recently_kept_go_first_and_leave_nothing_behind(
    open_store: OpenStore, clock: Clock, database: Database, tmp_path: Path
) -> None:
    """(F34)"""
    files = open_store(3 * SIZE)
    await keep_all(files, clock, "a", "b", "c", "d", "e")
    assert here(files, "a", "b", "c", "d", "e") == "c d e"
    assert total(database) == 3 * SIZE
    places = [f"files/{sha256[:2]}/{sha256}" for sha256 in (sha256_of(content(name)) for name in "cde")]
    assert on_disk(tmp_path) == sorted([*places, *(f"{place}.json" for place in places)])


async def test_without_a_limit_everything_stays(open_store: OpenStore, clock: Clock, database: Database) -> None:
    files = open_store(None)
    await keep_all(files, clock, "a", "b", "c")
    await files.trim()
    assert total(database) == 3 * SIZE


async def test_no_more_is_evicted_than_has_to_be(open_store: OpenStore, clock: Clock) -> None:
    files = open_store(3 * SIZE + SIZE // 2)
    await keep_all(files, clock, "a", "b", "c")
    await keep(files, b"half".ljust(SIZE // 2), "half.whl")
    assert here(files, "a", "b", "c") == "a b c"
    await keep(files, b"more", "more.whl")
    assert here(files, "a", "b", "c") == "b c"


@pytest.mark.parametrize("flushed", [True, False], ids=["written", "in memory"])
async def test_a_use_counts_also_before_it_is_written(open_store: OpenStore, clock: Clock, flushed: bool) -> None:
    files = open_store(3 * SIZE)
    await keep_all(files, clock, "a", "b", "c")
    files.note_use(sha256_of(content("a")), clock.now + 1)
    if flushed:
        await files.flush_uses()
    clock.now += 1
    await keep_all(files, clock, "d", "e")
    assert here(files, "a", "b", "c", "d", "e") == "a d e"


async def test_the_order_of_uses_in_memory_holds_among_themselves_and_against_written_ones(
    open_store: OpenStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where fewer rows are looked at than have such uses."""
    monkeypatch.setattr(eviction, "AT_ONCE", 2)
    files = open_store(5 * SIZE)
    await keep_all(files, clock, "a", "b", "c", "d", "e")
    for name in ("c", "a", "b"):
        clock.now += 1
        files.note_use(sha256_of(content(name)), clock.now)
    order = []
    for number in range(5):
        await keep_all(files, clock, f"new-{number}")
        left = here(files, "a", "b", "c", "d", "e").split()
        order += [name for name in "abcde" if name not in left and name not in order]
    assert order == ["d", "e", "c", "a", "b"]


async def test_an_evicted_use_is_counted_on_no_row_and_the_rest_is(
    open_store: OpenStore, clock: Clock, database: Database
) -> None:
    """What eviction writes of a use early is not counted twice."""
    files = open_store(2 * SIZE)
    await keep_all(files, clock, "a", "b")
    for _ in range(3):
        files.note_use(sha256_of(content("a")), clock.now + 1)
    clock.now += 1
    await keep_all(files, clock, "c")
    await files.flush_uses()
    uses = {row["sha256"]: row["uses"] for row in database.all("SELECT sha256, uses FROM contents", {})}
    assert uses == {sha256_of(content("a")): 3, sha256_of(content("c")): 0}


async def test_a_file_larger_than_the_limit_is_not_kept_and_nothing_goes_for_it(
    open_store: OpenStore, clock: Clock, tmp_path: Path
) -> None:
    files = open_store(3 * SIZE)
    await keep_all(files, clock, "a", "b", "c")
    before = on_disk(tmp_path)
    with pytest.raises(StorageError, match=r"301 bytes are more than storage\.max_size \(300\)"):
        await keep(files, b"x" * 301, "large.whl")
    assert on_disk(tmp_path) == before
    await keep(files, b"x" * 300, "fits.whl")
    assert files.find(PROJECT, "fits.whl", sha256_of(b"x" * 300)) is not None
    assert here(files, "a", "b", "c") == ""


async def test_bytes_that_are_here_already_need_no_room(open_store: OpenStore, clock: Clock) -> None:
    files = open_store(3 * SIZE)
    await keep_all(files, clock, "a", "b", "c")
    clock.now += 1
    await keep(files, content("a"), "a-again.whl")
    assert here(files, "a", "b", "c") == "a b c"
    await keep_all(files, clock, "d")
    assert here(files, "a", "b", "c", "d") == "a c d", "and being kept again was a use"


async def test_bytes_that_are_kept_again_are_not_what_goes_for_them(open_store: OpenStore, clock: Clock) -> None:
    """Under a limit that was lowered; they would lose their other names."""
    await keep_all(open_store(None), clock, "a", "b", "c")
    files = open_store(2 * SIZE)
    clock.now += 1
    await keep(files, content("a"), "a-again.whl")
    assert here(files, "a", "b", "c") == "a c"


async def test_all_names_of_evicted_bytes_go(open_store: OpenStore, clock: Clock, database: Database) -> None:
    files = open_store(SIZE)
    await keep_all(files, clock, "a")
    await files.add_name(sha256=sha256_of(content("a")), project="y", filename="y.whl", upstream="b", hashes={})
    await keep_all(files, clock, "b")
    assert [row["filename"] for row in database.all("SELECT filename FROM files", {})] == ["b.whl"]


async def test_who_reads_an_evicted_file_reads_it_to_its_end(open_store: OpenStore, clock: Clock) -> None:
    files = open_store(SIZE)
    await keep_all(files, clock, "a")
    found = files.find(PROJECT, "a.whl", sha256_of(content("a")))
    assert found is not None
    with found.open() as stream:
        start = stream.read(10)
        await keep_all(files, clock, "b")
        assert not found.path.exists()
        assert start + stream.read() == content("a")


async def test_the_recorded_sha256_of_an_evicted_file_is_not_forgotten(
    open_store: OpenStore, clock: Clock, database: Database, upstream: StoredUpstream
) -> None:
    recorded = RecordedHashes(database, clock)
    files = open_store(SIZE)
    await keep_all(files, clock, "a")
    await recorded.record(upstream.id, NormalizedName(PROJECT), "a.whl", sha256_of(content("a")))
    await keep_all(files, clock, "b")
    assert recorded.for_project(upstream.id, NormalizedName(PROJECT)) == {"a.whl": sha256_of(content("a"))}


async def test_files_that_are_still_arriving_are_left_alone(open_store: OpenStore, clock: Clock) -> None:
    files = open_store(SIZE)
    arriving = files.temporary()
    await keep_all(files, clock, "a", "b")
    assert arriving.path.exists()
    arriving.discard()


async def test_what_cannot_be_evicted_is_a_sentence_and_nothing_is_kept(
    open_store: OpenStore, clock: Clock, tmp_path: Path
) -> None:
    files = open_store(SIZE)
    await keep_all(files, clock, "a")
    place = Places(tmp_path / "files").content(sha256_of(content("a")))
    place.unlink()
    place.mkdir()
    with pytest.raises(StorageError, match=r"cannot evict .* \("):
        await keep_all(files, clock, "b")
    assert here(files, "b") == ""
    assert list((tmp_path / "tmp").rglob("[0-9]")) == []


async def test_forgetting_and_losing_files_is_counted(
    open_store: OpenStore, clock: Clock, database: Database, tmp_path: Path
) -> None:
    files = open_store(3 * SIZE)
    await keep_all(files, clock, "a", "b", "c")
    await files.forget(PROJECT, "b.whl")
    assert total(database) == 2 * SIZE
    Places(tmp_path / "files").content(sha256_of(content("a"))).unlink()
    assert here(files, "a") == ""
    await database.write(lambda _: None)
    assert total(database) == SIZE


def test_looking_for_the_oldest_sorts_nothing(database: Database) -> None:
    parameters = {"spared": "", "count": 1}
    plan = [row["detail"] for row in database.all(f"EXPLAIN QUERY PLAN {eviction.OLDEST}", parameters)]
    assert plan == ["SCAN contents USING COVERING INDEX contents_by_last_use"]
