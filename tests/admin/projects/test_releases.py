"""A project page's files by release, the newest first, in windows that are bounded, complete and without repeats."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import pytest

from pyproxy.admin.projects.releases import (
    FILES_AT_ONCE,
    RELEASES_AT_ONCE,
    WINDOWS_AT_ONCE,
    KeptKey,
    Window,
    kept_key,
    read_windows,
)
from pyproxy.simple import canonical
from pyproxy.simple.model import File, NormalizedName, ProjectDetail

DEMO = NormalizedName("demo")


def listed(filename: str, sha256: str | None = "1" * 64, **facts: object) -> File:
    hashes = {} if sha256 is None else {"sha256": sha256}
    return File(filename=filename, url=f"https://x.example.org/{filename}", hashes=hashes, **facts)  # type: ignore[arg-type]


def windows(
    *files: File, number: int = 1, recorded: Mapping[str, str] = {}, kept: Sequence[KeptKey] = (), **bounds: int
) -> list[Window]:
    body = canonical.encode(ProjectDetail(name=DEMO, files=files, status="archived", status_reason="no more"))
    return read_windows(zlib.compress(body), recorded, kept, number, **bounds)


def shape(window: Window) -> list[tuple[str | None, int, int, bool]]:
    return [(each.version, len(each.files), each.all_files, each.begun) for each in window.releases]


def wheels(version: str, count: int) -> list[File]:
    return [listed(f"demo-{version}-{number}-py3-none-any.whl") for number in range(count)]


def test_releases_come_newest_first_as_versions_and_their_files_as_they_are_listed() -> None:
    [window] = windows(
        *(listed(name) for name in ("demo-9.0.tar.gz", "demo-10.0.tar.gz", "demo-1.0.tar.gz", "demo-10.0rc1.tar.gz")),
        listed("demo-1.0.0-py3-none-any.whl"),
    )
    assert [(each.version, [file.filename for file in each.files]) for each in window.releases] == [
        ("10.0", ["demo-10.0.tar.gz"]),
        ("10.0rc1", ["demo-10.0rc1.tar.gz"]),
        ("9.0", ["demo-9.0.tar.gz"]),
        ("1.0", ["demo-1.0.tar.gz", "demo-1.0.0-py3-none-any.whl"]),
    ]
    assert (window.all_releases, window.all_files, window.windows) == (4, 5, 1)
    assert (window.status, window.status_reason) == ("archived", "no more")


def test_files_whose_names_tell_no_version_come_last_and_are_no_release() -> None:
    [window] = windows(listed("README.txt"), listed("demo-1.0.tar.gz"), listed("demo.exe", yanked=True))
    assert shape(window) == [("1.0", 1, 1, False), (None, 2, 2, False)]
    assert (window.all_releases, window.all_files, window.releases[1].yanked) == (1, 3, False)


def test_a_window_ends_with_so_many_releases() -> None:
    files = [listed(f"demo-{number}.0.tar.gz") for number in range(7)]
    found = windows(*files, releases_at_once=3)
    assert [[each.version for each in window.releases] for window in found] == [
        ["6.0", "5.0", "4.0"],
        ["3.0", "2.0", "1.0"],
        ["0.0"],
    ]
    assert [(window.number, window.windows) for window in found] == [(1, 3), (2, 3), (3, 3)]


def test_a_window_ends_with_so_many_files_and_a_large_release_goes_on_in_the_next() -> None:
    found = windows(*wheels("1.0", 2), *wheels("2.0", 7), *wheels("3.0", 2), files_at_once=4)
    assert [shape(window) for window in found] == [
        [("3.0", 2, 2, False), ("2.0", 2, 7, False)],
        [("2.0", 4, 7, True)],
        [("2.0", 1, 7, True), ("1.0", 2, 2, False)],
    ]
    names = [file.filename for window in found for each in window.releases for file in each.files]
    assert sorted(names) == sorted(file.filename for file in [*wheels("1.0", 2), *wheels("2.0", 7), *wheels("3.0", 2)])


@pytest.mark.parametrize(("number", "first"), [(-3, 1), (0, 1), (1, 1), (4, 4), (40, 40), (41, 40), (10**9, 40)])
def test_a_number_that_there_is_not_gives_the_nearest_window(number: int, first: int) -> None:
    files = [listed(f"demo-{count}.0.tar.gz") for count in range(40)]
    found = windows(*files, number=number, releases_at_once=1)
    assert [window.number for window in found] == list(range(first, min(first + WINDOWS_AT_ONCE, 41)))


def test_a_page_of_20_000_files_is_bounded() -> None:
    found = windows(*wheels("1.0", 20_000), number=2)
    assert all(len(each.files) <= FILES_AT_ONCE for window in found for each in window.releases)
    assert all(len(window.releases) <= RELEASES_AT_ONCE for window in found)
    assert found[0].windows == 200


def test_a_page_without_files_has_one_empty_window() -> None:
    [window] = windows()
    assert (window.releases, window.number, window.windows, window.all_files) == ((), 1, 1, 0)


def test_a_file_is_shown_as_it_is_listed() -> None:
    [window] = windows(
        listed(
            "demo-1.0-py3-none-any.whl", size=5, upload_time="2024-01-02T03:04:05Z", requires_python=">=3.9",
            yanked="it <b>broke</b>", core_metadata={"sha256": "2" * 64},
        ),
        listed("demo-1.0.tar.gz", None, upload_time="2023-01-02T03:04:05Z", yanked=True),
        listed("demo-1.0.zip", None, yanked=True),
        recorded={"demo-1.0.tar.gz": "3" * 64, "demo-1.0-py3-none-any.whl": "4" * 64},
    )  # fmt: skip
    [release] = window.releases
    assert (release.yanked, release.yanked_reason) == (True, "it <b>broke</b>")
    assert release.uploaded == "2023-01-02T03:04:05Z"
    wheel, sdist, unknown = release.files
    assert (wheel.size, wheel.sha256, wheel.recorded, wheel.metadata) == (5, "1" * 64, False, True)
    assert (wheel.requires_python, wheel.yanked, wheel.yanked_reason) == (">=3.9", True, "it <b>broke</b>")
    assert (sdist.sha256, sdist.recorded, sdist.yanked_reason, sdist.metadata) == ("3" * 64, True, None, False)
    assert (unknown.sha256, unknown.recorded) == (None, False)


def test_kept_files_that_the_page_does_not_list_are_told() -> None:
    """A deleted release, another content, another upstream's file; metadata goes with its wheel."""
    kept = [
        kept_key("demo-1.0-py3-none-any.whl", "1" * 64),
        kept_key("demo-1.0-py3-none-any.whl.metadata", "7" * 64),
        kept_key("demo-1.0-py3-none-any.whl", "8" * 64),
        kept_key("demo-0.9.tar.gz", "1" * 64),
        kept_key("demo-0.9-py3-none-any.whl.metadata", "1" * 64),
        kept_key("demo-2.0.tar.gz", "9" * 64),
        kept_key("demo-3.0.tar.gz", "9" * 64),
    ]
    [window] = windows(
        listed("demo-1.0-py3-none-any.whl"), listed("demo-2.0.tar.gz", None), listed("demo-3.0.tar.gz", None),
        kept=kept, recorded={"demo-3.0.tar.gz": "5" * 64},
    )  # fmt: skip
    assert window.unlisted == (kept[2], kept[3], kept[4], kept[6])
    assert window.all_unlisted == 4


def test_only_some_of_thousands_are_named() -> None:
    [window] = windows(kept=[kept_key(f"demo-{number}.0.tar.gz", "1" * 64) for number in range(3000)])
    assert (len(window.unlisted), window.all_unlisted) == (100, 3000)
