"""Targets: the names of Pythons and platforms, and what they take."""

from __future__ import annotations

import pytest
from packaging.markers import Marker
from packaging.tags import sys_tags

from pyproxy.errors import ConfigurationError
from pyproxy.requirements.fitting import Formats, best
from pyproxy.requirements.model import LockedFile
from pyproxy.requirements.platforms import accepted_platforms
from pyproxy.requirements.targets import make_targets
from pyproxy.simple.model import NormalizedName

DEMO = NormalizedName("demo")


def test_without_anything_given_it_is_this_interpreter() -> None:
    (target,) = make_targets((), ())
    assert target.tags == tuple(sys_tags())


def test_each_python_is_combined_with_each_platform() -> None:
    labels = [target.label for target in make_targets(("3.12", "313", "3.14t", "3.12"), ("win32", "linux_x86_64"))]
    assert labels == [
        "CPython 3.12 on win32",
        "CPython 3.12 on linux_x86_64",
        "CPython 3.13 on win32",
        "CPython 3.13 on linux_x86_64",
        "CPython 3.14t on win32",
        "CPython 3.14t on linux_x86_64",
    ]


@pytest.mark.parametrize("text", ["", "3", "three", "3.x", "-3.12", "3.12.1.1", "٣.١٢"])
def test_a_wrong_python_is_named(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"--python-version: .* is no version of Python .write it like 3.12"):
        make_targets((text,), ())


@pytest.mark.parametrize("name", ["", "linux", "windows", "win64", "manylinux_2_x86_64", "macosx_14_arm64", "any"])
def test_a_wrong_platform_is_named(name: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r"--platform: .* is no platform that is known here .write it like many"
    ):
        make_targets((), (name,))


@pytest.mark.parametrize(
    ("name", "first", "also", "never"),
    [
        ("manylinux_2_28_x86_64", "manylinux_2_28_x86_64", "manylinux1_x86_64", "manylinux_2_29_x86_64"),
        ("manylinux2014_aarch64", "manylinux_2_17_aarch64", "linux_aarch64", "manylinux_2_5_aarch64"),
        ("musllinux_1_2_x86_64", "musllinux_1_2_x86_64", "musllinux_1_1_x86_64", "manylinux_2_17_x86_64"),
        ("macosx_14_0_arm64", "macosx_14_0_arm64", "macosx_11_0_universal2", "macosx_11_0_x86_64"),
        ("win_amd64", "win_amd64", "win_amd64", "win32"),
    ],
)
def test_a_platform_takes_what_was_built_for_older_ones(name: str, first: str, also: str, never: str) -> None:
    accepted = accepted_platforms(name)
    assert accepted[0] == first
    assert also in accepted
    assert never not in accepted


@pytest.mark.parametrize(
    ("name", "marker"),
    [
        ("manylinux_2_28_aarch64", "platform_machine == 'aarch64' and sys_platform == 'linux' and os_name == 'posix'"),
        ("musllinux_1_2_x86_64", "platform_machine == 'x86_64' and platform_system == 'Linux'"),
        ("macosx_14_0_arm64", "platform_machine == 'arm64' and sys_platform == 'darwin'"),
        ("win_amd64", "platform_machine == 'AMD64' and platform_system == 'Windows' and os_name == 'nt'"),
        ("win_amd64", "python_version == '3.12' and python_full_version >= '3.12.4' and extra != 'x'"),
        ("win_amd64", "implementation_name == 'cpython' and platform_python_implementation == 'CPython'"),
    ],
)
def test_markers_are_those_of_the_platform(name: str, marker: str) -> None:
    (target,) = make_targets(("3.12.4",), (name,))
    assert target.wants(Marker(marker))


@pytest.mark.parametrize("marker", [f"python_version > '{'1' * 5000}'", "os_name ~= 'x'", "'x' in extras"])
def test_a_marker_that_compares_what_cannot_be_compared_holds_nowhere(marker: str) -> None:
    (target,) = make_targets(("3.12",), ("win32",))
    assert not target.wants(Marker(marker))


@pytest.mark.parametrize(
    ("filenames", "expected"),
    [
        (["demo-1-py3-none-any.whl", "demo-1-cp312-cp312-manylinux_2_17_x86_64.whl"], 1),
        (["demo-1-cp312-cp312-manylinux_2_17_x86_64.whl", "demo-1-cp312-cp312-manylinux_2_28_x86_64.whl"], 1),
        (["demo-1-cp312-cp312-manylinux_2_34_x86_64.whl", "demo-1-cp39-abi3-manylinux1_x86_64.whl"], 1),
        (["demo-1.tar.gz", "demo-1-py2.py3-none-any.whl"], 1),
        (["demo-1-1-py3-none-any.whl", "demo-1-20240101-py3-none-any.whl", "demo-1-py3-none-any.whl"], 1),
        (["demo-1.win32.exe", "demo-1-py2-none-any.whl", "demo-1.zip"], 2),
        (["demo-1-cp313-cp313-manylinux_2_17_x86_64.whl", "demo-1-cp312-cp312-win_amd64.whl"], None),
        (["demo.whl", "demo-1-py3-none-any", ".whl", "demo-1-py3-(none)-any.whl"], None),
    ],
)
def test_the_best_file_is_that_of_pip(filenames: list[str], expected: int | None) -> None:
    (target,) = make_targets(("3.12",), ("manylinux_2_28_x86_64",))
    files = [LockedFile(filename=name, hashes={}) for name in filenames]
    found = best(files, DEMO, target, Formats())
    assert found == (None if expected is None else files[expected])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], "wheel"),
        ([("--no-binary", ":all:")], "sdist"),
        ([("--no-binary", "Demo,other")], "sdist"),
        ([("--no-binary", ":all:"), ("--only-binary", "demo")], "wheel"),
        ([("--no-binary", ":all:"), ("--no-binary", ":none:")], "wheel"),
        ([("--only-binary", ":all:"), ("--no-binary", "demo")], "sdist"),
    ],
)
def test_formats_are_chosen_as_pip_does(options: list[tuple[str, str]], expected: str) -> None:
    (target,) = make_targets(("3.12",), ("win32",))
    formats = Formats()
    for option, value in options:
        formats = formats.changed(option, value)
    files = {"wheel": "demo-1-py3-none-any.whl", "sdist": "demo-1.tar.gz"}
    found = best([LockedFile(filename=name, hashes={}) for name in files.values()], DEMO, target, formats)
    assert found is not None
    assert found.filename == files[expected]
