"""Settings that this machine cannot fulfil: told of at the start, with what it has and what to do."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pyproxy.app.limits import raise_open_files, room_warning
from pyproxy.config.model import StorageConfig
from tests.app.command import CHECKOUT


def checked(directory: Path, *, workers: int, open_files: int) -> subprocess.CompletedProcess[str]:
    """``config check`` in a process that may have so many open files."""
    return subprocess.run(
        [sys.executable, "-m", "pyproxy", "config", "check"],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "PYPROXY_SERVER__WORKERS": str(workers)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("workers", "open_files", "said"),
    [
        (200, 500, "200 workers cannot work: a process may have 500 open files here, and 832 are needed"),
        (1, 100, "one worker cannot work: a process may have 100 open files here, and 128 are needed"),
        (2, 128, None),
    ],
)
def test_more_workers_than_open_files_allow_are_a_mistake_of_the_configuration(
    workers: int, open_files: int, said: str | None, tmp_path: Path
) -> None:
    result = checked(tmp_path, workers=workers, open_files=open_files)
    if said is None:
        assert (result.returncode, result.stderr) == (0, "")
        return
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert f"environment variable PYPROXY_SERVER__WORKERS: server.workers: {said} (raise the limit" in line
    assert ("take 117 workers at most" in line) is (workers == 200)


def test_a_process_uses_the_open_files_that_the_system_allows() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
        raise_open_files()
        raised, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert raised == (65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_more_free_room_than_the_disk_has_is_warned_of(tmp_path: Path) -> None:
    disk = os.statvfs(tmp_path)
    storage = StorageConfig(directory=tmp_path / "not" / "there", min_free=10**18)
    warning = room_warning(storage)
    assert warning is not None
    assert "storage.min_free is 1000000TB, but the whole disk of " in warning
    assert f"{tmp_path / 'not' / 'there'} has {disk.f_blocks * disk.f_frsize / 10**6:,.0f} MB" in warning
    assert room_warning(replace(storage, min_free=disk.f_blocks * disk.f_frsize)) is None


@pytest.mark.parametrize(("open_files", "most"), [(128, 8), (1024, 64)])
def test_files_that_wait_to_be_put_away_leave_most_open_files_to_others(open_files: int, most: int) -> None:
    asked = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({open_files}, {open_files})); "
    asked += "from pyproxy.app.limits import possible_put_off; print(possible_put_off())"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=120, check=True)
    assert int(done.stdout) == most
