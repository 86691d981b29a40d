"""One server per storage directory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pyproxy.errors import StorageError, StorageInUse
from pyproxy.storage.claims import Claims
from pyproxy.storage.directory import CLAIMS_NAME, LOCK_NAME, TEMPORARY_NAME, prepare_whole
from pyproxy.storage.lock import StorageLock
from pyproxy.storage.temporary import TemporaryFolder

ROOT = Path(__file__).parents[2]


def test_the_directory_is_created(tmp_path: Path) -> None:
    lock = StorageLock(tmp_path / "new" / "data")
    assert (tmp_path / "new" / "data" / LOCK_NAME).exists()
    lock.release()


def test_a_second_server_is_told_who_holds_the_directory_and_what_to_do(tmp_path: Path) -> None:
    lock = StorageLock(tmp_path)
    with pytest.raises(StorageInUse, match=rf"process {os.getpid()}\) works on .*: stop it, or choose another"):
        StorageLock(tmp_path)
    lock.release()


@pytest.mark.parametrize("name", [LOCK_NAME, CLAIMS_NAME, TEMPORARY_NAME])
def test_no_other_user_can_hold_what_a_server_has_to_lock(name: str, tmp_path: Path) -> None:
    """Who may read a file or a directory may lock it: the server would not start, or wait for ever."""
    StorageLock(tmp_path).release()
    Claims(tmp_path).close()
    prepare_whole(tmp_path)
    TemporaryFolder(tmp_path / TEMPORARY_NAME, lambda intention: None).close()
    assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_a_released_directory_can_be_locked_again(tmp_path: Path) -> None:
    lock = StorageLock(tmp_path)
    lock.release()
    lock.release()
    StorageLock(tmp_path).release()


def test_the_lock_of_a_killed_server_is_free(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from pyproxy.storage.lock import StorageLock\n"
        "lock = StorageLock(Path(sys.argv[1])); print('locked', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == b"locked\n"
        with pytest.raises(StorageInUse, match=f"process {process.pid}") as caught:
            StorageLock(tmp_path)
        assert not caught.value.abandoned
        process.kill()
    StorageLock(tmp_path).release()


def test_a_worker_holds_the_lock_after_its_parent(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from pyproxy.storage.lock import StorageLock\n"
        "lock = StorageLock(Path(sys.argv[1]))\n"
        "if os.fork() == 0: print('forked', flush=True); sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.wait(60) == 0
    assert process.stdout.readline() == b"forked\n"
    with pytest.raises(StorageInUse) as caught:
        StorageLock(tmp_path)
    assert caught.value.abandoned
    process.stdin.close()
    assert process.stdout.read() == b""
    process.stdout.close()
    StorageLock(tmp_path).release()


def test_a_file_in_place_of_the_directory_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StorageError, match="is not a directory: choose another"):
        StorageLock(tmp_path / "data")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="cannot write to the storage directory"):
        StorageLock(tmp_path)
    with pytest.raises(StorageError, match="cannot create the storage directory"):
        StorageLock(tmp_path / "data")
    tmp_path.chmod(0o700)
