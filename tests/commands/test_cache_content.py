"""``pyproxy cache``: what is printed of a cache with something in it, and what prune leaves."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pyproxy.commands import main
from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.files import FileStore
from pyproxy.storage.pages import PageStore
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore
from tests.storage.conftest import Clock
from tests.storage.keeping import keep

DAY = 86400.0
CONTENTS = {"old": b"o" * 1000, "middle": b"m" * 3000, "new": b"n" * 2000}
"""A file of each project, used 40, 20 and 0 days ago."""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Three projects with a file each and a page, and one page that can never be served again."""
    (tmp_path / "pyproxy.yaml").write_text("upstreams: []\nstorage: {min_free: 0}\n")
    (tmp_path / "data").mkdir()
    asyncio.run(fill(tmp_path / "data"))
    return tmp_path


async def fill(data: Path) -> None:
    database = Database.open(data / DATABASE_NAME)
    clock = Clock(time.time() - 60 * DAY)
    upstream = UpstreamStore(database, SecretBox.open(data, {})).add(
        UpstreamSettings(name="main", url="http://127.0.0.1:9/")
    )
    pages, files = PageStore(database), FileStore(data, database, clock=clock)
    for project, content in CONTENTS.items():
        clock.now += 20 * DAY
        await keep(files, content, f"{project}-1.0.tar.gz", project, "main")
        await pages.put_page(
            upstream.key, NormalizedName(project), tag=project, body_z=b"body", etag=None, last_modified=None,
            url="u", checked_at=clock.now,
        )  # fmt: skip
    await pages.put_missing(upstream.key, NormalizedName("absent"), clock.now - 2 * 3600)
    files.close()
    database.close()


def run(directory: Path, *arguments: str) -> Result:
    runner = CliRunner(env={name: None for name in os.environ if name.startswith("PYPROXY_")})
    with contextlib.chdir(directory):
        result = runner.invoke(main, ["cache", *arguments], prog_name="pyproxy")
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


def done(directory: Path, *arguments: str) -> str:
    result = run(directory, *arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def read(directory: Path, *arguments: str) -> Any:
    return json.loads(done(directory, *arguments, "--json"))


def projects(directory: Path) -> list[str]:
    return [each["project"] for each in read(directory, "list") if each["files"]]


def test_stats_tell_what_is_kept_and_of_which_upstream(directory: Path) -> None:
    found = read(directory, "stats")
    assert (found["totals"]["files"], found["totals"]["file_bytes"]) == (3, 6000)
    assert (found["totals"]["projects"], found["totals"]["missing"]) == (3, 1)
    [main_upstream] = found["upstreams"]
    assert (main_upstream["upstream"], main_upstream["files"], main_upstream["file_bytes"]) == ("main", 3, 6000)

    printed = done(directory, "stats")
    assert "cached files     3, 6.0 kB, no limit (storage.max_size)" in printed
    assert "last just now, oldest 40 days ago" in printed


def test_a_full_disk_is_warned_about(directory: Path) -> None:
    (directory / "pyproxy.yaml").write_text("upstreams: []\nstorage: {min_free: 9000TB}\n")
    assert "warning: less than storage.min_free is left" in done(directory, "stats")


def test_the_list_has_a_line_for_each_project(directory: Path) -> None:
    lines = done(directory, "list").splitlines()
    assert lines[0].split() == ["project", "upstream", "files", "size", "page", "confirmed", "last", "used"]
    assert [line.split()[:5] for line in lines[1:]] == [
        ["middle", "main", "1", "3.0", "kB"],
        ["new", "main", "1", "2.0", "kB"],
        ["old", "main", "1", "1.0", "kB"],
    ]
    assert lines[3].split()[5:] == ["40", "days", "ago"] * 2


@pytest.mark.parametrize(
    ("sort", "expected"), [("size", ["middle", "new"]), ("used", ["new", "middle"]), ("name", ["middle", "new"])]
)
def test_the_list_is_sorted_and_cut_as_wanted(directory: Path, sort: str, expected: list[str]) -> None:
    assert [each["project"] for each in read(directory, "list", "--sort", sort, "--limit", "2")] == expected


def test_the_files_of_a_project_are_listed_with_short_hashes_and_whole_ones_in_json(directory: Path) -> None:
    sha256 = hashlib.sha256(CONTENTS["new"]).hexdigest()
    printed = done(directory, "list", "New")
    assert "upstream main has a page; confirmed just now" in printed
    assert f"new-1.0.tar.gz  2.0 kB  {sha256[:12]}  main" in printed
    [file] = read(directory, "list", "new")
    assert (file["filename"], file["sha256"], file["uses"]) == ("new-1.0.tar.gz", sha256, 0)


def test_prune_removes_the_least_recently_used_first(directory: Path) -> None:
    printed = done(directory, "prune", "--max-size", "4kB")
    assert projects(directory) == ["new"], "the old one alone would not have been enough"
    assert "gone: 2 files, 4.0 kB; kept: 1 file, 2.0 kB" in printed


def test_prune_removes_what_was_not_used_for_long(directory: Path) -> None:
    done(directory, "prune", "--unused-for", "30d")
    assert projects(directory) == ["middle", "new"]


def test_prune_removes_answers_that_can_never_be_served_again(directory: Path) -> None:
    """A page past serve_stale_for, and a 404 past the hour."""
    assert read(directory, "prune", "--max-size", "1GB")["outdated"] == {"pages": 1, "page_bytes": 4, "missing": 1}
    totals = read(directory, "stats")["totals"]
    assert (totals["pages"], totals["missing"], totals["files"]) == (2, 0, 3)


def test_offline_no_answer_is_too_old(directory: Path) -> None:
    (directory / "pyproxy.yaml").write_text("upstreams: []\nstorage: {min_free: 0}\ncache: {offline: true}\n")
    assert read(directory, "prune", "--max-size", "1GB")["outdated"] == {"pages": 0, "page_bytes": 0, "missing": 0}


def test_answers_that_an_upstream_counts_for_longer_stay(directory: Path) -> None:
    with contextlib.chdir(directory):
        CliRunner().invoke(main, ["upstream", "set", "main", "index_ttl=50d", "missing_ttl=3h"], catch_exceptions=False)
    assert read(directory, "prune", "--max-size", "1GB")["outdated"] == {"pages": 0, "page_bytes": 0, "missing": 0}


def test_a_dry_run_shows_the_same_and_removes_nothing(directory: Path) -> None:
    dry = read(directory, "prune", "--max-size", "4kB", "--unused-for", "30d", "--dry-run")
    assert projects(directory) == ["middle", "new", "old"]
    assert (dry["unused"], dry["surplus"]) == ({"files": 1, "bytes": 1000}, {"files": 1, "bytes": 3000})

    wet = read(directory, "prune", "--max-size", "4kB", "--unused-for", "30d")
    same = ("unused", "surplus", "outdated", "kept")
    assert {key: wet[key] for key in same} == {key: dry[key] for key in same}


def test_verify_names_damage_removes_it_and_ends_with_1(directory: Path) -> None:
    sha256 = hashlib.sha256(CONTENTS["old"]).hexdigest()
    (directory / "data" / "files" / sha256[:2] / sha256).write_bytes(b"x" * 1000)

    assert done(directory, "verify", "--project", "middle") == "1 file, 3.0 kB read: no damage\n"
    result = run(directory, "verify")
    assert result.exit_code == 1
    assert f"removed  {sha256}  old-1.0.tar.gz  its sha256 is another one" in result.stdout
    assert "3 files, 6.0 kB read: 1 damaged entry" in result.stdout
    assert projects(directory) == ["middle", "new"]
    assert "2 files, 5.0 kB read: no damage" in done(directory, "verify")


def test_verify_reports_in_json_with_the_same_status(directory: Path) -> None:
    sha256 = hashlib.sha256(CONTENTS["old"]).hexdigest()
    (directory / "data" / "files" / sha256[:2] / sha256).unlink()
    result = run(directory, "verify", "--json")
    report = json.loads(result.stdout)
    assert (result.exit_code, report["complete"], report["files"]) == (1, True, 3)
    assert report["findings"] == [
        {
            "sha256": sha256,
            "filenames": ["old-1.0.tar.gz"],
            "problem": "its bytes are missing",
            "outcome": "removed",
        }
    ]
