"""``pyproxy explain``: what is printed, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pyproxy.commands import main
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME

CONFIGURATION = "upstreams:\n  - {name: main, url: https://main.example.org/}\n"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory in which a server has run once."""
    (tmp_path / "pyproxy.yaml").write_text(CONFIGURATION)
    (tmp_path / "data").mkdir()
    Database.open(tmp_path / "data" / DATABASE_NAME).close()
    return tmp_path


def run(directory: Path, *arguments: str) -> Result:
    """``pyproxy explain …`` in a directory; whatever happens, no traceback may be printed."""
    runner = CliRunner(env={name: None for name in os.environ if name.startswith("PYPROXY_")})
    with contextlib.chdir(directory):
        result = runner.invoke(main, ["explain", *arguments], prog_name="pyproxy")
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


def refused(directory: Path, *arguments: str, status: int) -> str:
    """The one line of a command that must fail."""
    result = run(directory, *arguments)
    assert (result.exit_code, result.stdout) == (status, ""), result.stderr
    (line,) = result.stderr.splitlines()
    return line


def test_an_unknown_project_is_said_to_be_unknown_and_is_no_failure(directory: Path) -> None:
    result = run(directory, "demo")
    assert (result.exit_code, result.stderr) == (0, "")
    first, *rest = result.stdout.splitlines()
    assert first == "Nothing is known of demo here: no answer of an upstream about it is kept."
    assert "   1. main" in rest


def test_the_output_for_a_pipe_has_no_colours_and_folds_nothing(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("TERM", "xterm-256color")
    result = run(directory, "demo", f"demo-1.0-{'x' * 150}.tar.gz")
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    title = f"demo-1.0-{'x' * 150}.tar.gz: not known, and demo itself cannot be answered now."
    assert title in result.stdout.splitlines()


@pytest.mark.parametrize("name", ["-x-", "a b", "../etc", "ü", "x" * 300, ""])
def test_what_is_no_project_name_is_wrong_usage(directory: Path, name: str) -> None:
    assert "no project name" in refused(directory, "--", name, status=2)


@pytest.mark.parametrize("filename", ["a/b.whl", "..", "a\nb.whl", "x" * 300])
def test_what_is_no_filename_is_wrong_usage(directory: Path, filename: str) -> None:
    assert "no filename" in refused(directory, "demo", filename, status=2)


def test_a_wrong_name_is_wrong_also_where_no_server_ran(tmp_path: Path) -> None:
    assert "no project name" in refused(tmp_path, "a b", status=2)


def test_a_directory_in_which_no_server_ran_is_not_taken_for_an_empty_cache(tmp_path: Path) -> None:
    line = refused(tmp_path, "demo", status=1)
    assert f"there is no pyproxy database in {tmp_path / 'data'}" in line
    assert not (tmp_path / "data").exists(), "nothing is created by looking"


def test_without_a_project_it_is_wrong_usage(directory: Path) -> None:
    result = run(directory)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "pyproxy: missing argument 'PROJECT' (see pyproxy explain --help)\n"


def test_a_wrong_configuration_is_wrong_usage(directory: Path) -> None:
    (directory / "pyproxy.yaml").write_text("cache: {index_tl: 5m}\n")
    assert "index_ttl" in refused(directory, "demo", status=2)


def test_the_document_has_all_its_keys_also_where_nothing_is_known(directory: Path) -> None:
    """What scripts rely on; further keys may come."""
    document = json.loads(run(directory, "Demo", "demo-1.0.tar.gz", "--json").stdout)
    assert set(document) >= {
        *("project", "given", "asked_at", "state", "summary", "reasons", "owner", "status", "error", "degraded"),
        *("offline", "fresh_until", "reserved_for", "local_files", "unreadable_files", "upstreams", "cached"),
        "file",
    }
    assert (document["project"], document["given"], document["state"]) == ("demo", "Demo", "unknown")
    (upstream,) = document["upstreams"]
    assert set(upstream) >= {
        *("position", "name", "index_url", "active", "on_failure", "role", "asked_next", "sentences", "answer"),
        *("rest", "recorded_hashes", "failures"),
    }
    assert (upstream["name"], upstream["answer"], upstream["asked_next"]) == ("main", None, True)
    assert document["cached"] == {"files": 0, "bytes": 0, "releases": [], "names": []}
    assert document["file"]["state"] == "unanswered"
    assert set(document["file"]) >= {
        *("filename", "state", "link", "sha256", "size", "sources", "sentences", "listings", "copies", "failures"),
    }


def test_without_a_filename_the_document_has_no_file(directory: Path) -> None:
    assert json.loads(run(directory, "demo", "--json").stdout)["file"] is None
