"""Prefetches of requirements files: the page decides which file a requirement means."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pyproxy.admin.prefetch.sources import read_source
from pyproxy.errors import ConfigurationError
from pyproxy.requirements.fitting import Formats
from tests.distributions import make_wheel
from tests.requirements.sample_index import publish
from tests.upstream_server import UpstreamServer

from .conftest import Prefetch, failed, states

PURE = "-py3-none-any.whl"


def wheel(upstream: UpstreamServer, version: str, *, tags: str = "py3-none-any", **listed: object) -> bytes:
    filename, content, _ = make_wheel("demo", version, tags=tags)
    upstream.add_file("demo", filename, content, **listed)  # type: ignore[arg-type]
    return content


@pytest.fixture
def releases(upstream: UpstreamServer) -> UpstreamServer:
    """Of ``demo``: 1.0, 2.0, a yanked 2.1, 3.0 for newer Pythons, a pre-release 4.0b1, and 2.0 as a source, too."""
    wheel(upstream, "1.0")
    wheel(upstream, "2.0")
    upstream.add_file("demo", "demo-2.0.tar.gz", b"source of demo 2.0")
    wheel(upstream, "2.1", yanked="broken")
    wheel(upstream, "3.0", requires_python=">=3.13")
    wheel(upstream, "4.0b1")
    return upstream


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("demo", "demo-2.0-py3-none-any.whl"),
        ("Demo", "demo-2.0-py3-none-any.whl"),
        ("demo[extra]<2", "demo-1.0-py3-none-any.whl"),
        ("demo==2.1", "demo-2.1-py3-none-any.whl"),
        ("demo>=4.0b1", "demo-4.0b1-py3-none-any.whl"),
        ("--pre\ndemo", "demo-4.0b1-py3-none-any.whl"),
        ("--no-binary demo\ndemo==2.0", "demo-2.0.tar.gz"),
        ("demo\n-c constraints.txt", "demo-1.0-py3-none-any.whl"),
        ("demo>1\ndemo<=2", "demo-2.0-py3-none-any.whl"),
    ],
)
async def test_the_newest_release_that_matches_is_fetched(
    prefetch: Prefetch, releases: UpstreamServer, tmp_path: Path, line: str, file: str
) -> None:
    (tmp_path / "constraints.txt").write_text("demo==1.0\nother==5\n")

    assert states(await prefetch(line)) == {file: "fetched"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("demo>=9", "first: no release matches demo>=9"),
        ("demo>2.0,<2.2", "first: what matches demo<2.2,>2.0 was yanked"),
        ("demo==3.0", "first: none of demo==3.0 is for Python 3.12.0"),
        ("--only-binary :all:\n--no-binary demo\ndemo==1.0", "first: no file of demo==1.0 fits"),
        ("absent", "no index has a project named absent"),
    ],
)
async def test_what_no_release_is_right_for_is_told_with_the_reason(
    prefetch: Prefetch, releases: UpstreamServer, line: str, reason: str
) -> None:
    assert failed(await prefetch(line)).reason.startswith(reason)


async def test_every_python_gets_the_release_that_is_for_it(prefetch: Prefetch, releases: UpstreamServer) -> None:
    report = await prefetch("demo", pythons=("3.12", "3.13"))

    assert states(report) == {f"demo-2.0{PURE}": "fetched", f"demo-3.0{PURE}": "fetched"}


async def test_all_files_of_the_release_are_fetched_where_all_are_wanted(
    prefetch: Prefetch, releases: UpstreamServer
) -> None:
    report = await prefetch("demo<3", asked={"everything": True})

    assert states(report) == {f"demo-2.0{PURE}": "fetched", "demo-2.0.tar.gz": "fetched"}


async def test_only_files_with_an_allowed_hash_are_fetched(prefetch: Prefetch, upstream: UpstreamServer) -> None:
    source = b"source of demo 1.0"
    wheel(upstream, "1.0")
    upstream.add_file("demo", "demo-1.0.tar.gz", source)
    allowed = hashlib.sha256(source).hexdigest()

    assert states(await prefetch(f"demo==1.0 --hash=sha256:{allowed}")) == {"demo-1.0.tar.gz": "fetched"}

    refused = failed(await prefetch(f"demo==1.0 --hash=sha256:{'0' * 64}")).reason
    assert "is listed with sha256:" in refused
    assert f"allowed is sha256:{'0' * 64}" in refused


async def test_a_file_listed_without_a_hash_must_come_with_an_allowed_one(
    prefetch: Prefetch, upstream: UpstreamServer
) -> None:
    content = wheel(upstream, "1.0", sha256=False)
    digest = hashlib.sha256(content).hexdigest()

    assert failed(await prefetch(f"demo --hash=sha256:{'0' * 64}")).reason.startswith(f"it came with sha256 {digest}")
    assert states(await prefetch(f"demo --hash=sha256:{digest}")) == {f"demo-1.0{PURE}": "here"}


async def test_included_files_are_read_and_what_no_index_has_is_skipped(
    prefetch: Prefetch, releases: UpstreamServer, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "base.txt").write_text("-r ../requirements.txt\ndemo==1.0\n")

    report = await prefetch(
        "-r more/base.txt\n--index-url http://user:secret@index.example.com/simple/\n-e .\n"
        "tool @ git+https://user:secret@git.example.com/tool\nonly-there; sys_platform == 'win32'\n"
    )

    assert states(report) == {f"demo-1.0{PURE}": "fetched"}
    assert [(skipped.what, skipped.where.rpartition(":")[2]) for skipped in report.skipped] == [
        ("-e .", "3"),
        ("tool @ git+https://***@git.example.com/tool", "4"),
    ]
    (note,) = report.notes
    assert note.endswith("requirements.txt:2: --index-url is ignored: the upstreams of pyproxy are asked")


async def test_a_local_project_is_here_and_nobody_is_asked_for_it(
    prefetch: Prefetch, releases: UpstreamServer, tmp_path: Path
) -> None:
    (tmp_path / "local").mkdir()
    filename, content, _ = make_wheel("demo", "0.5")
    (tmp_path / "local" / filename).write_bytes(content)

    report = await prefetch("demo", local=tmp_path / "local")

    assert states(report) == {filename: "local"}
    assert releases.requests == []


def test_a_file_that_cannot_be_read_is_named_with_the_line_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("demo\n-r gone.txt\n")

    with pytest.raises(ConfigurationError) as caught:
        read_source(str(path), {}, Formats())

    assert str(caught.value) == (
        f"{path}:2: cannot read {tmp_path / 'gone.txt'} (no such file or directory) "
        "(paths are relative to the file that names them)"
    )


@pytest.mark.parametrize(
    ("include", "sentence"),
    [
        ("-r /dev/zero", "cannot read /dev/zero (it has more than 100 MB, a fixed limit)"),
        ("-r around.txt", "around.txt (too many levels of symbolic links)"),
        ("-r 'a\0b'", "(this is no path)"),
        ("-r ${TOKEN}", "cannot read -r ${TOKEN} (no such file or directory)"),
    ],
)
def test_a_hostile_include_is_named_and_tells_nothing_of_the_environment(
    include: str, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "around.txt").symlink_to("around.txt")
    path = tmp_path / "requirements.txt"
    path.write_text(include)

    with pytest.raises(ConfigurationError) as caught:
        read_source(str(path), {"TOKEN": "hunter2"}, Formats())

    assert sentence in str(caught.value)


async def test_what_the_chosen_wheels_need_and_the_file_does_not_list_is_noted(
    prefetch: Prefetch, upstream: UpstreamServer
) -> None:
    publish(upstream.add_file)
    filename, content, metadata = make_wheel(
        "demo", "1.0", metadata_extra="Requires-Dist: Words\nRequires-Dist: speed; extra == 'fast'\nRequires-Dist: ;\n"
    )
    upstream.add_file("demo", filename, content, metadata=metadata)

    (note,) = (await prefetch("demo[fast]\ngreeting\nwords; sys_platform == 'win32'")).notes
    assert note.endswith(
        "requirements.txt does not list all that it needs, and only what it lists is fetched; "
        "missing: speed (for demo) and words (for demo)"
    )
    assert (await prefetch("demo\nWORDS")).notes == []
    assert (
        (await prefetch("greeting\nwords", platforms=("win_amd64",)))
        .notes[0]
        .endswith("missing: shades (for greeting)")
    )


async def test_a_failure_that_several_targets_share_is_told_once(prefetch: Prefetch, upstream: UpstreamServer) -> None:
    assert failed(await prefetch("absent", pythons=("3.11", "3.12"))).project == "absent"


async def test_a_release_that_is_newer_than_the_known_page_is_found(
    prefetch: Prefetch, upstream: UpstreamServer
) -> None:
    """Nobody waits for ``index_ttl`` who asks for what has just been published."""
    wheel(upstream, "1.0")
    await prefetch("demo")
    wheel(upstream, "2.0")

    assert states(await prefetch("demo==2.0")) == {f"demo-2.0{PURE}": "fetched"}

    assert failed(await prefetch("demo==3.0")).reason == "first: no release matches demo==3.0"
    assert upstream.count("/simple/demo/") == 3
    assert states(await prefetch("demo>=1")) == {f"demo-2.0{PURE}": "here"}
    assert upstream.count("/simple/demo/") == 3
