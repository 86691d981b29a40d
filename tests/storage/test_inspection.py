"""Damage of every kind is found, named and mended, and what is no damage is left alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from pyproxy.storage.gentle_reads import CHUNK, Interrupted, digests
from pyproxy.storage.inspection import Finding, Inspection, Watch
from pyproxy.storage.manifests import Places
from tests.storage.conftest import Clock, OpenStore
from tests.storage.evicting import assert_sound
from tests.storage.keeping import keep, manifest, on_disk, sha256_of

CONTENT = b"the right bytes"
SHA256 = sha256_of(CONTENT)
WATCH = Watch(lambda count: None, lambda: False)


def verify(database: Database, files: FileStore) -> list[Finding]:
    """Everything that is found in one go."""
    inspection = Inspection(database, files)
    found = [inspection.check(stated, WATCH) for stated in inspection.stated()]
    found += [inspection.settle(sha256, WATCH) for sha256 in inspection.strays()]
    return [finding for finding in found if finding is not None]


def cut(path: Path) -> None:
    path.write_bytes(CONTENT[:-1])


def alter(path: Path) -> None:
    path.write_bytes(CONTENT[:-1] + b"S")


def remove(path: Path) -> None:
    path.unlink()


def break_manifest(path: Path) -> None:
    path.with_name(f"{path.name}.json").write_bytes(b"{")


def remove_manifest(path: Path) -> None:
    path.with_name(f"{path.name}.json").unlink()


async def test_sound_files_are_no_finding(tmp_path: Path, database: Database, open_store: OpenStore) -> None:
    files = open_store(None)
    await keep(files, CONTENT)
    await keep(files, CONTENT, "y-1.whl", "y")
    await keep(files, b"", "empty.whl")
    before = on_disk(tmp_path)
    assert verify(database, files) == []
    assert on_disk(tmp_path) == before


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (cut, "it has 14 bytes instead of 15"),
        (alter, "its sha256 is another one"),
        (remove, "its bytes are missing"),
    ],
)
async def test_a_damaged_copy_is_removed_and_named(
    tmp_path: Path, database: Database, open_store: OpenStore, damage: Callable[[Path], None], problem: str
) -> None:
    files = open_store(None)
    await keep(files, b"another", "x-2.whl")
    damage((await keep(files, CONTENT)).path)

    assert verify(database, files) == [Finding(SHA256, ("x-1.whl",), problem, "removed")]

    assert files.find("x", "x-1.whl", SHA256) is None
    assert verify(database, files) == []
    assert_sound(tmp_path, database, files)


@pytest.mark.parametrize("damage", [break_manifest, remove_manifest])
async def test_a_broken_manifest_is_written_again_from_the_rows(
    tmp_path: Path, database: Database, open_store: OpenStore, damage: Callable[[Path], None]
) -> None:
    files = open_store(None)
    stored = await keep(files, CONTENT)
    before = manifest(tmp_path, SHA256)
    damage(stored.path)

    [finding] = verify(database, files)

    assert (finding.outcome, finding.filenames) == ("mended", ("x-1.whl",))
    assert manifest(tmp_path, SHA256) == before
    assert verify(database, files) == []


async def test_names_that_only_the_manifest_has_are_taken_in(
    tmp_path: Path, database: Database, open_store: OpenStore
) -> None:
    """The database was restored from a backup of before."""
    files = open_store(None)
    await keep(files, CONTENT)
    await files.add_name(sha256=SHA256, project="y", filename="y-1.whl", upstream="a", hashes={})
    database.write_now(lambda connection: connection.execute("DELETE FROM files WHERE project = 'y'"))

    assert [finding.outcome for finding in verify(database, files)] == ["mended"]
    assert files.find("y", "y-1.whl", SHA256) is not None


async def test_sound_bytes_that_the_database_forgot_are_found_again(
    tmp_path: Path, database: Database, open_store: OpenStore
) -> None:
    files = open_store(None)
    await keep(files, CONTENT)
    database.write_now(lambda connection: connection.execute("DELETE FROM contents"))

    assert verify(database, files) == [Finding(SHA256, ("x-1.whl",), "the database did not know it", "found again")]
    assert files.find("x", "x-1.whl", SHA256) is not None
    assert_sound(tmp_path, database, files)


@pytest.mark.parametrize("damage", [cut, alter, remove, break_manifest, remove_manifest])
async def test_bytes_and_manifests_that_nobody_can_use_are_removed(
    tmp_path: Path, database: Database, open_store: OpenStore, damage: Callable[[Path], None]
) -> None:
    files = open_store(None)
    damage((await keep(files, CONTENT)).path)
    database.write_now(lambda connection: connection.execute("DELETE FROM contents"))

    [finding] = verify(database, files)

    assert (finding.sha256, finding.outcome) == (SHA256, "removed")
    assert_sound(tmp_path, database, files)


async def test_files_that_are_not_ours_are_left_alone(database: Database, open_store: OpenStore) -> None:
    files = open_store(None)
    stored = await keep(files, CONTENT)
    strangers = [stored.path.with_name("README"), stored.path.parent.parent / "notes.txt"]
    for path in strangers:
        path.write_text("mine")
    assert verify(database, files) == []
    assert all(path.exists() for path in strangers)


async def test_a_listed_hash_of_another_kind_is_compared_too(database: Database, open_store: OpenStore) -> None:
    files = open_store(None)
    await keep(files, CONTENT)
    hashes = '{"md5": "00000000000000000000000000000000", "unheard-of": "1"}'
    database.write_now(lambda connection: connection.execute("UPDATE files SET hashes = ?", (hashes,)))
    assert [finding.problem for finding in verify(database, files)] == ["its md5 is another one"]


async def test_what_was_evicted_meanwhile_is_no_damage(database: Database, open_store: OpenStore) -> None:
    files = open_store(None)
    await keep(files, CONTENT)
    inspection = Inspection(database, files)
    [stated] = inspection.stated()
    await files.forget("x")
    assert inspection.check(stated, WATCH) is None


async def test_what_was_fetched_again_meanwhile_stays(
    tmp_path: Path, database: Database, open_store: OpenStore
) -> None:
    """Damaged while it was read, whole again when it is to be removed."""
    files = open_store(None)
    alter((await keep(files, CONTENT)).path)
    inspection = Inspection(database, files)
    [stated] = inspection.stated()

    def replace(count: int) -> None:
        sound = tmp_path / "sound"
        sound.write_bytes(CONTENT)
        os.replace(sound, Places(tmp_path / "files").content(SHA256))

    assert inspection.check(stated, Watch(replace, lambda: False)) is None
    assert [each.sha256 for each in inspection.stated()] == [SHA256]


async def test_one_project_can_be_looked_at_alone(database: Database, open_store: OpenStore, clock: Clock) -> None:
    files = open_store(None)
    await keep(files, CONTENT)
    await keep(files, b"another", "y-1.whl", "y")
    assert [stated.filenames for stated in Inspection(database, files).stated("y")] == [("y-1.whl",)]


async def test_reading_can_be_stopped_and_harms_nothing(database: Database, open_store: OpenStore) -> None:
    files = open_store(None)
    alter((await keep(files, CONTENT)).path)
    inspection = Inspection(database, files)
    [stated] = inspection.stated()
    with pytest.raises(Interrupted):
        inspection.check(stated, Watch(lambda count: None, lambda: True))
    assert [each.sha256 for each in inspection.stated()] == [SHA256]


def test_every_byte_is_read_once_and_told(tmp_path: Path) -> None:
    content = os.urandom(2 * CHUNK + 5)
    (tmp_path / "file").write_bytes(content)
    told: list[int] = []
    found, status = digests(tmp_path / "file", ["sha256"], told.append, lambda: False)
    assert found == {"sha256": sha256_of(content)}
    assert (sum(told), status.st_size) == (len(content), len(content))


async def test_bytes_whose_eviction_ends_between_two_looks_are_no_finding(
    tmp_path: Path, database: Database, open_store: OpenStore
) -> None:
    """Their rows go first, so they look like strays until bytes and manifest have gone as well."""
    files = open_store(None)
    await keep(files, CONTENT)
    database.write_now(lambda connection: connection.execute("DELETE FROM contents"))
    inspection = Inspection(database, files)
    (stray,) = inspection.strays()
    for path in (files.shelf.places.content(stray), files.shelf.places.manifest(stray)):
        path.unlink()
    assert inspection.settle(stray, WATCH) is None
