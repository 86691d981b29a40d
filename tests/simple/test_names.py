"""Names of projects and files."""

from __future__ import annotations

import doctest

import pytest

from pyproxy.errors import InvalidFilename, InvalidProjectName
from pyproxy.simple import names, patterns, render
from pyproxy.simple.names import (
    check_filename,
    is_distribution,
    is_metadata,
    normalize,
    project_of,
    version_of,
    wheel_of_metadata,
)


@pytest.mark.parametrize("module", [names, patterns, render])
def test_the_examples_in_the_docstrings_are_true(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "normalised"),
    [
        ("foo-bar-baz", "foo-bar-baz"),
        ("Foo.Bar_baz", "foo-bar-baz"),
        ("repoze.lru", "repoze-lru"),
        ("a-_.-b", "a-b"),
        ("X", "x"),
        ("7zip", "7zip"),
    ],
)
def test_every_spelling_of_a_name_becomes_the_same_one(raw: str, normalised: str) -> None:
    assert normalize(raw) == normalised


@pytest.mark.parametrize(
    "raw",
    ["", "-a", "a-", "_", ".", "..", "a/b", "a b", "a\n", "a\0", "naïve", "\u212a", "\u017f", "a%2fb", "x" * 201],
)
def test_what_no_project_can_be_named_is_refused(raw: str) -> None:
    with pytest.raises(InvalidProjectName, match="is no project name"):
        normalize(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "foo-1.0-py3-none-any.whl",
        "foo-1.0+cu124.tar.gz",
        "foo-1!2.0.zip",
        "Foo Bar 1.0.exe",
        "foo-1.0-ünï.zip",
        ".hidden.zip",
        "a..b-1.0.zip",
        "x" * 251 + ".zip",
    ],
)
def test_odd_but_harmless_filenames_are_allowed(raw: str) -> None:
    assert check_filename(raw) == raw


@pytest.mark.parametrize(
    "raw",
    [
        *("", ".", "..", "../x.whl", "/etc/x", "a\\b.whl", "a\0.whl", "a\n.whl", "a\x7f.whl", "a\x85.whl"),
        *("\ud800.whl", "x" * 252 + ".zip", "ü" * 126 + ".zip"),
    ],
)
def test_filenames_that_could_leave_a_directory_or_break_a_line_are_refused(raw: str) -> None:
    """(check 53)"""
    with pytest.raises(InvalidFilename, match="is no filename"):
        check_filename(raw)


def test_a_metadata_sidecar_is_named_after_its_file() -> None:
    assert is_metadata("a-1-py3-none-any.whl.metadata")
    assert wheel_of_metadata("a-1-py3-none-any.whl.metadata") == "a-1-py3-none-any.whl"
    assert not is_metadata("a-1-py3-none-any.whl")
    assert not is_metadata(".metadata")


@pytest.mark.parametrize(
    ("filename", "project", "version"),
    [
        ("foo_bar-1.0-py3-none-any.whl", "foo-bar", "1.0"),
        ("Foo.Bar-1.0-1-py2.py3-none-any.whl", "foo-bar", "1.0"),
        ("torchlike-2.4.0+cu124-cp312-cp312-linux_x86_64.whl", "torchlike", "2.4.0+cu124"),
        ("foo_bar-1!2.0.tar.gz", "foo-bar", "1!2.0"),
        ("foo-bar-1.0.0-beta.zip", "foo-bar", "1.0.0b0"),
        ("foo-2-1.0.tgz", "foo-2", "1.0"),
        ("foo.bar-1.0.tar.bz2", "foo-bar", "1.0"),
        ("foo_bar-0.9-py2.6.egg", "foo-bar", "0.9"),
        ("foo-bar-0.9.win32-py2.6.exe", "foo-bar", "0.9"),
        ("foo-bar-0.9.win-amd64.msi", "foo-bar", "0.9"),
        ("foo-bar-0.9.linux-x86_64.tar.gz", "foo-bar", "0.9"),
        ("foo-bar-0.9-1.noarch.rpm", "foo-bar", "0.9"),
        ("foo-1.0beta5prerelease.tar.gz", "foo", "1.0beta5prerelease"),
        ("foo_bar-1.0-variants.json", "foo-bar", "1.0"),
        ("foo-1.0-cp312-cp312-linux_x86_64-cu12.whl", "foo", "1.0"),
    ],
)
def test_a_filename_tells_project_and_version(filename: str, project: str, version: str) -> None:
    """(pain 29) Old and future forms of names included."""
    assert project_of(filename) == project
    assert version_of(filename, normalize(project)) == version
    assert is_distribution(filename)


@pytest.mark.parametrize("filename", ["index.html", "README", "SHA256SUMS", "foo-1.0.whl.metadata", "", "-.tar.gz"])
def test_what_cannot_be_told_is_none_and_no_error(filename: str) -> None:
    assert project_of(filename) is None
    assert version_of(filename, normalize("foo")) is None


def test_a_version_is_not_read_from_another_projects_file() -> None:
    assert version_of("other-1.0.tar.gz", normalize("foo")) is None
