"""``pyproxy prefetch``: what it prints, its statuses, and Ctrl-C in the middle."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.command import Command
from tests.clients.upstream_thread import UpstreamThread
from tests.requirements.sample_index import lock, publish
from tests.upstream_server import Stall, UpstreamServer
from tests.waiting import until

from .running import done, refused, run

LINUX = ("--python-version", "3.12", "--platform", "manylinux_2_28_x86_64")


@pytest.fixture(scope="module")
def index() -> Iterator[UpstreamThread]:
    with UpstreamThread() as upstream:
        upstream.apply(lambda server: publish(server.add_file))
        yield upstream


@pytest.fixture
def directory(tmp_path: Path, index: UpstreamThread) -> Path:
    """A directory whose pyproxy has the sample index, and has never run; with the lock files and a wrong one."""
    configure(tmp_path, index.url)
    (tmp_path / "uv.lock").write_text(lock("uv.lock"))
    return tmp_path


def configure(directory: Path, url: str) -> None:
    (directory / "pyproxy.yaml").write_text(
        f"storage: {{min_free: 0}}\nupstreams:\n  - {{name: main, url: {url!r}}}\n", encoding="utf-8"
    )


def test_it_fetches_where_no_server_has_run_and_says_so(directory: Path) -> None:
    first = run(directory, "prefetch", "-r", "uv.lock", *LINUX)

    assert (first.exit_code, first.stdout.splitlines()) == (
        0,
        [
            "5 files for CPython 3.12 on manylinux_2_28_x86_64: 5 fetched (4.2 kB), 0 here already (0 bytes)",
        ],
    )
    assert first.stderr == (
        f"note: a new database was made in {directory / 'data'}; a server elsewhere does not see it\n"
    ), "off a terminal there is no bar"
    again = run(directory, "prefetch", "-r", "uv.lock", *LINUX)
    assert again.stdout.endswith(": 0 fetched (0 bytes), 5 here already (4.2 kB)\n")
    assert again.stderr == ""
    assert "cached files     5, 4.2 kB" in done(directory, "cache", "stats")


def test_what_could_not_be_had_is_listed_and_the_status_is_1(directory: Path) -> None:
    (directory / "requirements.txt").write_text("greeting\n\nnowhere==1.0\n-e .\n-i https://index.example.com/simple\n")

    result = run(directory, "prefetch", "-r", "requirements.txt", *LINUX)

    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "skipped: -e . (requirements.txt:4): it is installed from its source, not from an index",
        "could not be had  asked for by        why",
        "nowhere           requirements.txt:3  no index has a project named nowhere",
        "1 file for CPython 3.12 on manylinux_2_28_x86_64: 1 fetched (1.0 kB), 0 here already (0 bytes)",
    ]
    assert result.stderr.splitlines()[1:] == [
        "note: requirements.txt:5: --index-url is ignored: the upstreams of pyproxy are asked",
        "note: requirements.txt does not list all that it needs, and only what it lists is fetched; "
        "missing: words (for greeting)",
        "pyproxy: 1 file could not be had; see above",
    ]


def test_a_dry_run_shows_what_would_be_fetched(directory: Path, index: UpstreamThread) -> None:
    before = index.count("/packages/")

    printed = done(directory, "prefetch", "-r", "uv.lock", "--all-platforms", "--dry-run").splitlines()

    assert printed[0].split() == ["would", "be", "fetched", "size", "asked", "for", "by"]
    assert len(printed) == 2 + 12
    assert printed[-1].startswith("12 files for all platforms: 12 would be fetched (")
    assert index.count("/packages/") == before


def test_json_has_every_file_with_its_outcome(directory: Path) -> None:
    result = run(directory, "prefetch", "-r", "uv.lock", *LINUX[:2], "--platform", "macosx_14_0_x86_64", "--json")

    document = json.loads(result.stdout)
    assert (result.exit_code, document["complete"], document["dry_run"]) == (1, True, False)
    assert document["targets"] == ["CPython 3.12 on macosx_14_0_x86_64"]
    states = {file["filename"] or file["project"]: file["state"] for file in document["files"]}
    assert states["speed"] == "failed"
    assert states["greeting-2.0-py3-none-any.whl"] == "fetched"
    assert set(document["files"][0]) == {
        *("project", "filename", "version", "where", "state", "size", "sha256", "reason"),
    }
    assert (document["skipped"], document["notes"]) == ([], [])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "pyproxy: missing option '-r' / '--requirement' (see pyproxy prefetch --help)"),
        (
            ("-r", "gone.txt"),
            "pyproxy: cannot read gone.txt (no such file or directory) (give a requirements",
        ),
        (("-r", "."), "pyproxy: cannot read . (is a directory)"),
        (("-r", "pyproxy.yaml"), "pyproxy: pyproxy.yaml:1: 'storage: {min_free: 0}' is no requirement"),
        (("-r", "uv.lock", "--platform", "linux"), "pyproxy: --platform: 'linux' is no platform that is known here"),
        (("-r", "uv.lock", "--python-version", "3"), "pyproxy: --python-version: '3' is no version of Python"),
        (("-r", "uv.lock", "--jobs", "0"), "pyproxy: invalid value for '--jobs': 0 is not in the range 1<=x<=64"),
        (("-r", "uv.lock", "--no-binary", ":some:"), "pyproxy: --no-binary: ':some:' is no value"),
        (("-r", "uv.lock", "--only-binary", "a b"), "pyproxy: --only-binary: 'a b' is no project name"),
        (("-r", "uv.lock", "--all-platforms", "--platform", "win32"), "pyproxy: --all-platforms leaves nothing to cho"),
        (
            ("-r", "uv.lock", "--python-version", "3.10"),
            "pyproxy: uv.lock: it is for Python >=3.11, and CPython 3.10 on ",
        ),
    ],
)
def test_wrong_usage_ends_with_2_before_anybody_is_asked(
    directory: Path, index: UpstreamThread, arguments: tuple[str, ...], sentence: str
) -> None:
    before = len(index.requests)

    assert refused(directory, "prefetch", *arguments).startswith(sentence)

    assert len(index.requests) == before
    assert not (directory / "data").exists()


def test_a_mistake_in_a_later_file_ends_it_before_anybody_is_asked(directory: Path, index: UpstreamThread) -> None:
    (directory / "wrong.txt").write_text("words\ngreeting=>2\n")
    before = len(index.requests)

    line = refused(directory, "prefetch", "-r", "uv.lock", "-r", "wrong.txt", *LINUX)

    assert line == "pyproxy: wrong.txt:2: 'greeting=>2' is no requirement (did you mean greeting>=2?)"
    assert len(index.requests) == before


async def test_ctrl_c_keeps_what_came_and_the_next_run_goes_on(tmp_path: Path) -> None:
    server = await UpstreamServer.start()
    for name in ("first", "second"):
        server.add_file(name, f"{name}-1.0.zip", name.encode() * 50_000)
    server.behave("/packages/second/", Stall(1000))
    configure(tmp_path, server.url)
    (tmp_path / "requirements.txt").write_text("first\nsecond\n")

    command = Command(tmp_path, ["prefetch", "-r", "requirements.txt", "--jobs", "1"], {}, 1)
    try:
        await until(lambda: server.count("/packages/second/") == 1)
        command.signal(signal.SIGINT)
        assert await command.ended() == 1
        assert "pyproxy: prefetch was stopped before its end; what has come is kept, run it again to go on" in (
            command.output
        )
        assert "Traceback" not in command.output

        server.clear_behaviours()
        again = Command(tmp_path, ["prefetch", "-r", "requirements.txt"], {}, 2)
        assert await again.ended() == 0
        assert ": 1 fetched (300.0 kB), 1 here already (250.0 kB)" in again.output
        assert server.count("/packages/first/") == 1
    finally:
        command.kill()
        await server.stop()
