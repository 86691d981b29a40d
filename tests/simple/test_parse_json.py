"""Entries and keys of JSON pages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pyproxy.simple.model import File, ProjectDetail
from pyproxy.simple.names import normalize
from pyproxy.simple.parse_json import parse_json

URL = "https://index.example.org/root/simple/foo/"
SHA = "ab" * 32
GOOD: dict[str, Any] = {"filename": "foo-1.0.zip", "url": "foo-1.0.zip", "hashes": {"sha256": SHA}}


def parse_page(**page: Any) -> ProjectDetail:
    return parse_json(json.dumps({"files": [], **page}).encode(), URL, normalize("foo"))


def parse_file(**changes: Any) -> File:
    (file,) = parse_page(files=[{**GOOD, **changes}]).files
    return file


@pytest.mark.parametrize(
    "bad",
    [
        None,
        7,
        "foo-0.9.zip",
        {},
        {"filename": "foo-0.9.zip"},
        {"url": "foo-0.9.zip"},
        {"filename": None, "url": "x"},
        {"filename": 7, "url": "x"},
        {"filename": "foo-0.9.zip", "url": None},
        {"filename": "foo-0.9.zip", "url": ""},
        {"filename": "foo-0.9.zip", "url": "#sha256=" + SHA},
        {"filename": "../../x.whl", "url": "x.whl"},
        {"filename": "..%2f..%2fx.whl", "url": "x.whl"},
        {"filename": "a%00.whl", "url": "x.whl"},
        {"filename": "/etc/x", "url": "x"},
        {"filename": "c:\\x.whl", "url": "x"},
        {"filename": "x\0.whl", "url": "x"},
        {"filename": "foo-0.9.zip", "url": "\ud800/x\0"},
        {"filename": "x" * 300, "url": "x"},
        {"filename": "foo-0.9-py3-none-any.whl.metadata", "url": "foo-0.9-py3-none-any.whl.metadata"},
        {"filename": "foo-0.9.zip", "url": "javascript:alert(1)"},
        {"filename": "foo-0.9.zip", "url": "file:///etc/passwd"},
        {"filename": "foo-0.9.zip", "url": "ftp://files.example.org/foo-0.9.zip"},
        {"filename": "foo-0.9.zip", "url": "https:///foo-0.9.zip"},
        {"filename": "foo-0.9.zip", "url": "http://[::1/foo-0.9.zip"},
        {"filename": "foo-0.9.zip", "url": "https://files.example.org/a\0b"},
    ],
)
def test_one_bad_entry_never_costs_the_page(bad: object) -> None:
    """(check 53, pain 29)"""
    detail = parse_page(files=[bad, GOOD])
    assert [file.filename for file in detail.files] == ["foo-1.0.zip"]


def test_of_a_name_listed_twice_the_first_entry_counts() -> None:
    (file,) = parse_page(files=[GOOD, {**GOOD, "url": "other.zip"}]).files
    assert file.url == f"{URL}foo-1.0.zip"


@pytest.mark.parametrize("body", [b'{"filename":"x","yanked":"\xff"}', b'{"filename":"\\ud800","size":1e999}'])
def test_an_entry_that_is_hardly_json_does_not_cost_the_page(body: bytes) -> None:
    """(pain 29)"""
    page = b'{"files":[' + body + b"," + json.dumps(GOOD).encode() + b"]}"
    assert len(parse_json(page, URL, normalize("foo")).files) == 1


@pytest.mark.parametrize(
    ("raw", "size"),
    [(0, 0), (7, 7), (None, None), (-1, None), ("7", None), (7.5, None), (True, None), (2**63, None), (10**30, None)],
)
def test_a_size_is_a_number_of_bytes_or_unknown(raw: object, size: int | None) -> None:
    """(check 20)"""
    assert parse_file(size=raw).size == size


@pytest.mark.parametrize(
    ("raw", "upload_time"),
    [
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05.123456Z", "2024-01-02T03:04:05.123456Z"),
        ("2024-01-02T03:04:05.1Z", "2024-01-02T03:04:05.1Z"),
        ("2024-01-02T03:04:05.123456789Z", "2024-01-02T03:04:05.123456Z"),
        ("2024-01-02T03:04:05+00:00", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05", None),
        ("2024-01-02T01:04:05+02:00", "2024-01-01T23:04:05Z"),
        ("2024-01-02T01:04:05.25-0330", "2024-01-02T04:34:05.250000Z"),
        ("2024-01-02 03:04:05.5z", "2024-01-02T03:04:05.5Z"),
        ("2024-01-02T03:04:05-00:00", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05+25:00", None),
        ("0001-01-01T00:00:00+02:00", None),
        ("2024-13-45T03:04:05Z", None),
        ("2024-01-02", None),
        ("", None),
        (None, None),
        (1704164645, None),
    ],
)
def test_an_upload_time_stays_verbatim_or_is_unknown(raw: object, upload_time: str | None) -> None:
    """(checks 20, 21, pain 7)"""
    assert parse_file(**{"upload-time": raw}).upload_time == upload_time


@pytest.mark.parametrize(
    ("raw", "yanked"), [(None, False), (False, False), (True, True), ("", True), ("broken", "broken"), (1, True)]
)
def test_yanked_is_never_null_or_empty(raw: object, yanked: bool | str) -> None:
    """(checks 20, 22)"""
    assert parse_file(yanked=raw).yanked == yanked


@pytest.mark.parametrize(
    ("keys", "core_metadata"),
    [
        ({}, False),
        ({"core-metadata": None}, False),
        ({"core-metadata": False}, False),
        ({"core-metadata": "yes"}, False),
        ({"core-metadata": True}, True),
        ({"core-metadata": {}}, True),
        ({"core-metadata": {"sha256": "CD" * 32}}, {"sha256": "cd" * 32}),
        ({"core-metadata": {"sha256": "short"}}, True),
        ({"core-metadata": {"sha256": SHA}}, True),
        ({"dist-info-metadata": {"sha256": "cd" * 32}}, {"sha256": "cd" * 32}),
        ({"data-dist-info-metadata": True}, True),
        ({"core-metadata": False, "dist-info-metadata": True}, False),
        ({"core-metadata": True, "data-dist-info-metadata": {"sha256": "cd" * 32}}, True),
    ],
)
def test_the_three_names_of_core_metadata_are_one(keys: dict[str, Any], core_metadata: bool | dict[str, str]) -> None:
    """(check 23) The newer name decides; a file's own hash is never its metadata's."""
    assert parse_file(**keys).core_metadata == core_metadata


@pytest.mark.parametrize(
    ("raw", "hashes"),
    [
        ({"sha256": SHA.upper()}, {"sha256": SHA}),
        ({"SHA256": SHA}, {"sha256": SHA}),
        ({"md5": "a" * 32, "sha256": SHA}, {"md5": "a" * 32, "sha256": SHA}),
        ({"sha256": "a" * 63}, {}),
        ({"sha256": "g" * 64}, {}),
        ({"sha256": None}, {}),
        ({"blake2b_256": "a" * 64}, {}),
        ({}, {}),
        (None, {}),
        ("sha256=" + SHA, {}),
    ],
)
def test_only_hashes_that_can_be_verified_are_kept(raw: object, hashes: dict[str, str]) -> None:
    """(check 27, pain 25)"""
    assert parse_file(hashes=raw).hashes == hashes


def test_a_hash_in_the_link_counts_where_the_mapping_has_none() -> None:
    assert parse_file(url=f"foo-1.0.zip#sha256={SHA}", hashes={}).hashes == {"sha256": SHA}
    assert parse_file(url="foo-1.0.zip#sha256=" + "0" * 64).hashes == {"sha256": SHA}


@pytest.mark.parametrize(
    ("raw", "provenance"),
    [
        ("https://index.example.org/p", "https://index.example.org/p"),
        ("http://index.example.org/p", None),
        ("/p", None),
        ("https://index.example.org/p q", None),
        (None, None),
        (7, None),
    ],
)
def test_provenance_is_an_absolute_https_url_or_nothing(raw: object, provenance: str | None) -> None:
    """(check 30)"""
    assert parse_file(provenance=raw).provenance == provenance


def test_unknown_keys_pass_and_private_ones_do_not() -> None:
    """(check 32)"""
    detail = parse_page(
        files=[{**GOOD, "new": {"a": [1]}, "_private": 1}],
        meta={"api-version": "1.9", "_last-serial": 7, "generator": "x"},
        top="y",
        _top=1,
    )
    assert detail.files[0].extra == {"new": {"a": [1]}}
    assert detail.extra == {"top": "y", "meta": {"generator": "x"}}


def test_an_unknown_key_that_names_an_upstream_host_does_not_pass() -> None:
    """(check 29, pain 14)"""
    file = parse_file(
        url="https://files.example.org/foo-1.0.zip",
        mirror=["HTTPS://Files.example.org/foo-1.0.zip"],
        page="//index.example.org/x",
        fine="example.org",
    )
    assert file.extra == {"fine": "example.org"}


@pytest.mark.parametrize("depth", [100, 900])
def test_an_unknown_value_that_is_nested_too_deeply_to_be_stored_does_not_pass(depth: int) -> None:
    body = b'{"files":[{"filename":"foo-1.0.zip","url":"x","new":' + b"[" * depth + b"]" * depth + b"}]}"
    assert parse_json(body, URL, normalize("foo")).files[0].extra == {}


@pytest.mark.parametrize("inside_meta", [True, False])
def test_the_status_is_read_at_the_top_and_in_meta(inside_meta: bool) -> None:
    """(check 31)"""
    status = {"project-status": {"status": "deprecated", "reason": ""}}
    detail = parse_page(meta=status) if inside_meta else parse_page(**status)
    assert (detail.status, detail.status_reason) == ("deprecated", None)


def test_tracks_and_alternate_locations_are_absolute_urls() -> None:
    detail = parse_page(
        meta={"tracks": ["https://a.example.org/simple/foo/", "/x", 7]},
        **{"alternate-locations": ["https://b.example.org/simple/foo/", "javascript:x"]},
    )
    assert detail.tracks == ("https://a.example.org/simple/foo/",)
    assert detail.alternate_locations == ("https://b.example.org/simple/foo/",)


def test_a_name_that_is_no_name_does_not_cost_the_page() -> None:
    assert parse_page(name="", files=[GOOD]).name == "foo"
    assert parse_page(name="FOO", files=[GOOD]).name == "foo"


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("foo-1.0.zip", "https://index.example.org/root/simple/foo/foo-1.0.zip"),
        ("../../packages/foo-1.0.zip", "https://index.example.org/root/packages/foo-1.0.zip"),
        ("/packages/foo-1.0.zip", "https://index.example.org/packages/foo-1.0.zip"),
        ("//cdn.example.org/foo-1.0.zip", "https://cdn.example.org/foo-1.0.zip"),
        ("http://127.0.0.1:81/a/../foo.zip?x=1&y=%20#f", "http://127.0.0.1:81/a/../foo.zip?x=1&y=%20"),
        ("https://u:p%40@[::1]:8443/foo.zip", "https://u:p%40@[::1]:8443/foo.zip"),
        ("  foo\n-1.0.zip\t", "https://index.example.org/root/simple/foo/foo-1.0.zip"),
        ("f oo-ü%2B+.zip", "https://index.example.org/root/simple/foo/f%20oo-%C3%BC%2B+.zip"),
    ],
)
def test_links_resolve_against_the_final_url_and_stay_verbatim(href: str, url: str) -> None:
    """(check 83, pains 20, 21)"""
    assert parse_file(url=href).url == url
