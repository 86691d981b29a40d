"""The pure part of the legacy JSON API: reading an upstream's document, and writing ours from the project page."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pyproxy.errors import NotAnIndexPage
from pyproxy.simple.legacy_json import document as documents
from pyproxy.simple.legacy_json.document import LegacyDocument, parse_document
from pyproxy.simple.legacy_json.files import file_entry, packagetype_of, python_version_of
from pyproxy.simple.legacy_json.info import OwnMetadata, made_info
from pyproxy.simple.legacy_json.render import Sources, render_document
from pyproxy.simple.model import File, NormalizedName, ProjectDetail
from pyproxy.simple.offered import OfferedMetadata
from pyproxy.simple.releases import Release, newest, release_named, releases_of
from pyproxy.simple.versions import comparable

DEMO = NormalizedName("demo")
URL = "https://index.example.org/pypi/demo/json"
SHA = "ab" * 32
INFO = {"name": "demo", "version": "1.0"}
BASE = "https://proxy.example.org"


def file(filename: str, **changes: Any) -> File:
    return File(filename=filename, url=f"https://files.example.org/{filename}", **changes)


def page(*files: File, versions: tuple[str, ...] | None = None) -> ProjectDetail:
    return ProjectDetail(name=DEMO, files=files, versions=versions)


def parsed(document: Any, *, version: str | None = None, content_type: str = "application/json") -> LegacyDocument:
    return parse_document(json.dumps(document).encode(), content_type, URL, DEMO, version)


def written(sources: Sources, version: str | None = None) -> Any:
    return json.loads(render_document(sources, base="https://proxy.example.org/team", version=version))


# -- releases ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("one", "other"), [("1.0", "1.0.0"), ("v1", "1"), ("1.0-beta", "1.0b0"), ("1.0+A-1", "1+a.1")])
def test_versions_compare_canonically(one: str, other: str) -> None:
    """(check 82)"""
    assert comparable(one) == comparable(other)


def test_what_is_no_version_compares_as_text() -> None:
    """(check 82)"""
    assert comparable("odd.build") == "odd.build" != comparable("odd.Build")


def test_files_are_grouped_by_release_oldest_first() -> None:
    files = [file(name) for name in ("demo-2.0.tar.gz", "demo-10.0.tar.gz", "demo-2.0-py3-none-any.whl", "notes.txt")]

    assert [(each.version, len(each.files)) for each in releases_of(page(*files))] == [("2.0", 2), ("10.0", 1)]


def test_a_release_without_files_is_found_where_the_page_names_it() -> None:
    assert release_named(page(versions=("1.0",)), "1.0.0") == Release("1.0")
    assert release_named(page(versions=("1.0",)), "1.1") is None


@pytest.mark.parametrize(
    ("names", "yanked", "expected"),
    [
        (("1.0", "2.0", "10.0"), (), "10.0"),
        (("1.0", "2.0rc1"), (), "1.0"),
        (("1.0rc1", "1.0rc2"), (), "1.0rc2"),
        (("1.0", "2.0"), ("2.0",), "1.0"),
        (("1.0rc1", "2.0"), ("2.0",), "1.0rc1"),
        (("1.0", "2.0"), ("1.0", "2.0"), "2.0"),
        (("odd.build", "1.0"), (), "1.0"),
    ],
)
def test_the_newest_release_is_final_and_not_yanked_where_there_is_one(
    names: tuple[str, ...], yanked: tuple[str, ...], expected: str
) -> None:
    releases = [Release(name, (file(f"demo-{name}.tar.gz", yanked=name in yanked),)) for name in names]
    found = newest(releases)
    assert found is not None
    assert found.version == expected


# -- an upstream's document --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", None),
        (b"<html></html>", "text/html"),
        (json.dumps({"info": INFO}).encode(), "text/html; charset=utf-8"),
        (b"[]", "application/json"),
        (b'{"releases": {}}', "application/json"),
        (b'{"info": {"name": "other", "version": "1.0"}}', "application/json"),
        (b'{"info": {"name": "demo"}}', "application/json"),
        (b'{"info": {"name": "demo", "version": 1}}', "application/json"),
        (b'{"info": {"version": "1.0"}}', "application/json"),
        (b'{"info": ' + b"[" * 5000, "application/json"),
        (b'{"info": {"name": "demo", "version": "1.0", "x": ' + b"[" * 40 + b"1" + b"]" * 40 + b"}}", None),
    ],
)
def test_what_is_no_document_of_the_project_is_refused(body: bytes, content_type: str | None) -> None:
    with pytest.raises(NotAnIndexPage):
        parse_document(body, content_type, URL, DEMO, None)


def test_the_document_of_another_release_is_refused() -> None:
    with pytest.raises(NotAnIndexPage, match="another release"):
        parsed({"info": INFO}, version="1.1")
    assert parsed({"info": {"name": "Demo", "version": "1.0.0"}}, version="1.0").info["version"] == "1.0.0"


def test_entries_that_are_none_cost_themselves_alone() -> None:
    entries = [None, {"filename": 7}, {"filename": "../x"}, {"filename": "demo-1.0.tar.gz", "size": 5}]
    document = parsed({"info": INFO, "releases": {"1.0": entries, "0.9": [], "0.8": "x"}, "vulnerabilities": None})

    assert document.files == {"demo-1.0.tar.gz": {"size": 5}}
    assert (document.versions, document.empty_versions) == ({"demo-1.0.tar.gz": "1.0"}, ("0.9",))
    assert document.vulnerabilities == []


def test_nothing_that_a_client_downloads_from_is_kept() -> None:
    """(check 29)"""
    entry = {
        "filename": "demo-1.0.tar.gz",
        "url": "https://files.example.org/demo-1.0.tar.gz",
        "provenance": "https://index.example.org/x",
        "note": "kept",
    }
    info = {**INFO, "download_url": "https://FILES.example.org/demo.zip", "home_page": "https://home.example.org"}
    extra = {"mirror": "https://files.example.org/", "private": 1, "_private": 2}
    document = parsed({"info": info, "urls": [entry], **extra})

    encoded = documents.encode(document)

    assert b"files.example.org" not in encoded.lower()
    assert document.files["demo-1.0.tar.gz"] == {"note": "kept"}
    assert (document.info["home_page"], document.extra) == ("https://home.example.org", {"private": 1})


def test_a_stored_document_reads_back_and_tells_its_version() -> None:
    document = parsed({"info": INFO, "urls": [{"filename": "demo-1.0.tar.gz", "size": 5}], "last_serial": 7})
    encoded = documents.encode(document)

    assert documents.decode(encoded) == document
    assert documents.described_version(encoded) == "1.0"


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filename", "packagetype", "python"),
    [
        ("demo-1.0-py2.py3-none-any.whl", "bdist_wheel", "py2.py3"),
        ("demo-1.0-1-cp312-cp312-win_amd64.whl", "bdist_wheel", "cp312"),
        ("demo-1.0.tar.gz", "sdist", "source"),
        ("demo-1.0.zip", "sdist", "source"),
        ("demo-1.0.linux-x86_64.tar.gz", "bdist_dumb", None),
        ("demo-1.0-py3.8.egg", "bdist_egg", "3.8"),
        ("demo-1.0.win32-py2.7.exe", "bdist_wininst", "2.7"),
        ("demo-1.0.txt", None, None),
        ("odd.whl", "bdist_wheel", None),
    ],
)
def test_the_kind_of_a_file_is_read_from_its_name(filename: str, packagetype: str | None, python: str | None) -> None:
    assert (packagetype_of(filename), python_version_of(filename, packagetype)) == (packagetype, python)


def entry_of(listed: dict[str, Any] | None, **changes: Any) -> dict[str, Any]:
    changes.setdefault("hashes", {"sha256": SHA})
    listed_file = file("demo-1.0.tar.gz", **changes)
    return file_entry(listed_file, listed, project=DEMO, sha256=listed_file.sha256, core_metadata=False, base=BASE)


def test_the_pages_word_counts_and_the_document_completes_it() -> None:
    digests = {"sha256": SHA.upper(), "md5": "c" * 32, "blake2b_256": "d" * 64, "odd": 7}
    listed = {"digests": digests, "size": 5, "comment_text": "why", "requires_python": ">=3", "packagetype": "sdist"}

    entry = entry_of(listed, size=6, requires_python=">=3.8")

    assert entry["digests"] == {"sha256": SHA, "md5": "c" * 32, "blake2b_256": "d" * 64}
    assert (entry["md5_digest"], entry["size"], entry["requires_python"]) == ("c" * 32, 6, ">=3.8")
    assert entry["comment_text"] == "why"


def test_metadata_beside_a_file_is_advertised_where_the_page_does() -> None:
    """(check 57)"""
    document = parsed({"info": INFO, "urls": [{"filename": "demo-1.0-py3-none-any.whl", "core-metadata": {"x": 1}}]})
    wheel = file("demo-1.0-py3-none-any.whl")

    assert "core-metadata" not in written(Sources(page=page(wheel), document=document))["urls"][0]
    advertised = file("demo-1.0-py3-none-any.whl", core_metadata={"sha256": SHA})
    offered = OfferedMetadata(every=True)
    assert written(Sources(page=page(wheel), offered=offered, document=document))["urls"][0]["core-metadata"] is True
    entry = written(Sources(page=page(advertised), offered=offered, document=document))["urls"][0]
    assert entry["core-metadata"] == {"sha256": SHA}


def test_a_document_that_contradicts_the_page_says_nothing_of_the_file() -> None:
    entry = entry_of({"digests": {"sha256": "0" * 64, "md5": "c" * 32}, "comment_text": "of another", "size": 5})

    assert (entry["digests"], entry["comment_text"], entry["size"]) == ({"sha256": SHA}, None, None)


def test_hashes_that_nothing_on_the_page_confirms_are_not_passed_on() -> None:
    entry = entry_of({"digests": {"sha256": "0" * 64}, "comment_text": "why"}, hashes={})

    assert (entry["digests"], entry["comment_text"]) == ({}, "why")
    assert entry["url"] == "https://proxy.example.org/files/demo/demo-1.0.tar.gz"


# -- info --------------------------------------------------------------------------------------------------------------


def info_of(text: str, kind: str = "wheel", *files: File) -> dict[str, Any]:
    metadata = OwnMetadata(text.encode(), "wheel" if kind == "wheel" else "sdist")
    return made_info(DEMO, Release("1.0", files), metadata)


def test_info_is_filled_from_the_metadata() -> None:
    info = info_of(
        "Metadata-Version: 2.4\nName: Demo\nVersion: 1.0.0\nAuthor-Email: a@example.org\n"
        "Classifier: One\nClassifier: Two\n"
        "Project-URL: Source, https://example.org/\nProvides-Extra: x\nLicense-Expression: MIT\nLicense-File: LICENSE\n"
        "Description-Content-Type: text/markdown\n\n# Demo\n"
    )

    assert (info["name"], info["version"], info["author_email"]) == ("Demo", "1.0", "a@example.org")
    assert info["classifiers"] == ["One", "Two"]
    assert info["project_urls"] == {"Source": "https://example.org/"}
    assert (info["license_expression"], info["license_files"]) == ("MIT", ["LICENSE"])
    assert (info["description"], info["provides_extra"]) == ("# Demo\n", ["x"])


@pytest.mark.parametrize(
    ("head", "kind", "expected"),
    [
        ("Metadata-Version: 2.1", "wheel", []),
        ("Metadata-Version: 2.1", "sdist", None),
        ("Metadata-Version: 2.2", "sdist", []),
        ("Metadata-Version: 2.2\nDynamic: Requires-Dist", "sdist", None),
        ("Metadata-Version: odd", "sdist", None),
        ("Metadata-Version: 1.0\nRequires-Dist: x", "sdist", ["x"]),
    ],
)
def test_what_is_required_is_unknown_unless_the_metadata_is_final(
    head: str, kind: str, expected: list[str] | None
) -> None:
    assert info_of(f"{head}\nName: demo\nVersion: 1.0\n", kind)["requires_dist"] == expected


@pytest.mark.parametrize("text", ["", "\xff\x00", "Name: other\nVersion: 1.0\n", "Name: demo\nVersion: 2.0\n"])
def test_metadata_of_something_else_counts_for_nothing(text: str) -> None:
    info = info_of(text + "Summary: not ours\n")

    assert (info["name"], info["version"], info["summary"], info["requires_dist"]) == ("demo", "1.0", None, None)


def test_without_metadata_only_what_all_files_agree_on_is_said() -> None:
    one, other = file("demo-1.0.tar.gz", requires_python=">=3"), file("demo-1.0.zip", requires_python=">=2")

    assert made_info(DEMO, Release("1.0", (one,)), None)["requires_python"] == ">=3"
    assert made_info(DEMO, Release("1.0", (one, other)), None)["requires_python"] is None


# -- the whole ---------------------------------------------------------------------------------------------------------


def test_a_made_document_has_every_key_of_a_file_and_absolute_addresses() -> None:
    recorded = {"demo-1.0.tar.gz": "cd" * 32}
    told = written(Sources(page=page(file("demo-1.0.tar.gz")), recorded=recorded, serial=7))

    assert told["urls"][0]["url"] == f"https://proxy.example.org/team/files/demo/{'cd' * 32}/demo-1.0.tar.gz"
    assert told["urls"][0]["digests"] == {"sha256": "cd" * 32}
    assert (told["last_serial"], told["releases"], told["vulnerabilities"]) == (7, {"1.0": told["urls"]}, [])
    assert "ownership" not in told


def test_the_upstreams_spelling_of_a_version_is_kept() -> None:
    document = parsed(
        {"info": {**INFO, "version": "1.0.0-beta"}, "releases": {"1.0.0-beta": [{"filename": "demo-1.0.0b0.zip"}]}}
    )
    told = written(
        Sources(page=page(file("demo-1.0.0b0.zip"), file("demo-1.0.0b0-py3-none-any.whl")), document=document)
    )

    assert {version: len(files) for version, files in told["releases"].items()} == {"1.0.0-beta": 2}
    assert len(told["urls"]) == 2


def test_unknown_keys_of_an_upstream_pass_and_cannot_displace_ours() -> None:
    document = parsed({"info": INFO, "urls": [{"filename": "demo-1.0.zip", "x": 1}], "more": {"a": 1}})
    told = written(Sources(page=page(file("demo-1.0.zip")), document=document), "1.0")

    assert (told["more"], told["urls"][0]["x"]) == ({"a": 1}, 1)
    assert told["urls"][0]["url"].startswith("https://proxy.example.org/team/files/demo/")
