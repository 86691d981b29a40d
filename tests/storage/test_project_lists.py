"""The kept list of projects on the disk: swapped whole, shared by processes, forgotten when damaged."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from pyproxy.errors import StorageError
from pyproxy.storage.project_lists import KeptList, ListFile, ListForm, ProjectListStore
from pyproxy.storage.temporary import TemporaryFile, TemporaryFolder


@pytest.fixture
def folder(tmp_path: Path) -> TemporaryFolder:
    return TemporaryFolder(tmp_path / "tmp", lambda intention: None)


@pytest.fixture
def store(tmp_path: Path, folder: TemporaryFolder) -> ProjectListStore:
    return ProjectListStore(tmp_path, folder.create)


def keep(store: ProjectListStore, word: str) -> KeptList:
    """Keep a list of which all files hold ``word``."""
    made: dict[str, TemporaryFile] = {}

    def file(kind: str) -> ListFile:
        name = f"{word}.{kind}"
        made[name] = store.temporary()
        made[name].path.write_text(word, encoding="utf-8")
        return ListFile(name, len(word), word)

    kept = KeptList(
        upstream_id=1,
        generation=1,
        etag=None,
        last_modified=None,
        checked_at=0.0,
        names=file("names"),
        selection="",
        json=ListForm(file("json"), file("json.gz")),
        html=ListForm(file("html"), file("html.gz")),
    )
    with store.turn() as ours:
        assert ours
        store.replace(kept, made)
    for temporary in made.values():
        temporary.discard()
    return kept


def test_nothing_is_created_before_there_is_a_list(store: ProjectListStore, tmp_path: Path) -> None:
    assert store.newest() is None
    assert not (tmp_path / "lists").exists()


def test_a_new_list_takes_the_old_ones_place_and_its_files(store: ProjectListStore, tmp_path: Path) -> None:
    keep(store, "first")
    kept = keep(store, "second")
    assert store.newest() == kept
    assert store.is_whole(kept)
    names = {path.name for path in (tmp_path / "lists").iterdir()}
    assert names == {"newest.json", *(file.name for file in kept.files())}


def test_who_has_a_file_open_reads_it_to_its_end(store: ProjectListStore) -> None:
    descriptor = store.open(keep(store, "first").json.plain)
    assert descriptor is not None
    keep(store, "second")
    assert os.read(descriptor, 100) == b"first"
    os.close(descriptor)


def test_what_a_dead_process_left_goes_with_the_next_list(store: ProjectListStore, tmp_path: Path) -> None:
    keep(store, "first")
    (tmp_path / "lists" / "orphan.json").write_text("x", encoding="utf-8")
    kept = keep(store, "first")
    assert len(list((tmp_path / "lists").iterdir())) == 1 + len(kept.files())


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"upstream_id": 1}', b"\xff" * 100])
def test_an_unreadable_state_is_no_list(damage: bytes, store: ProjectListStore, tmp_path: Path) -> None:
    keep(store, "first")
    (tmp_path / "lists" / "newest.json").write_bytes(damage)
    assert store.newest() is None


def test_a_file_of_another_size_is_gone(store: ProjectListStore) -> None:
    """A power failure may leave a name without its bytes."""
    kept = keep(store, "first")
    store.path(kept.html.gzipped).write_bytes(b"")
    assert not store.is_whole(kept)
    assert store.open(kept.html.gzipped) is None
    assert store.open(kept.json.plain) is not None
    store.path(kept.names).unlink()
    assert store.open(kept.names) is None


def test_only_one_at_a_time_makes_a_list(store: ProjectListStore, folder: TemporaryFolder, tmp_path: Path) -> None:
    other = ProjectListStore(tmp_path, folder.create)
    with store.turn() as first, other.turn() as second:
        assert (first, second) == (True, False)
    with other.turn() as third:
        assert third


def test_a_directory_that_cannot_be_used_is_told(tmp_path: Path, folder: TemporaryFolder) -> None:
    (tmp_path / "lists").write_text("a file", encoding="utf-8")
    with pytest.raises(StorageError, match="is not a directory"), ProjectListStore(tmp_path, folder.create).turn():
        pass


def test_the_state_is_readable_for_people(store: ProjectListStore, tmp_path: Path) -> None:
    kept = keep(store, "first")
    state = (tmp_path / "lists" / "newest.json").read_bytes()
    assert msgspec.json.decode(state)["json"]["plain"]["name"] == kept.json.plain.name == "first.json"
