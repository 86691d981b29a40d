"""The pages clients read."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from pyproxy.simple.model import File, ProjectDetail
from pyproxy.simple.names import normalize
from pyproxy.simple.negotiate import Format
from pyproxy.simple.offered import OfferedMetadata
from pyproxy.simple.render import file_link, render_project_detail, render_project_list
from tests.simple.reading import read

SHA = "ab" * 32
OURS = "https://proxy.example.com/simple/foo/"
HTML_FORMATS = [Format.HTML_V1, Format.TEXT_HTML]


def a_file(**changes: Any) -> File:
    return msgspec.structs.replace(
        File(filename="foo-1.0.zip", url="https://files.example.org/foo-1.0.zip", hashes={"sha256": SHA}), **changes
    )


def a_page(*files: File, **changes: Any) -> ProjectDetail:
    return msgspec.structs.replace(ProjectDetail(name=normalize("foo"), files=files), **changes)


def as_json(detail: ProjectDetail, recorded: dict[str, str] | None = None) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render_project_detail(detail, Format.JSON_V1, recorded or {}))
    return document


def as_html(detail: ProjectDetail, recorded: dict[str, str] | None = None) -> str:
    return render_project_detail(detail, Format.TEXT_HTML, recorded or {}).decode()


def test_a_page_holds_the_mandatory_keys() -> None:
    """(checks 18, 19)"""
    assert as_json(a_page(a_file())) == {
        "meta": {"api-version": "1.0"},
        "name": "foo",
        "files": [
            {
                "filename": "foo-1.0.zip",
                "url": f"../../files/foo/{SHA}/foo-1.0.zip",
                "hashes": {"sha256": SHA},
                "yanked": False,
            }
        ],
    }


@pytest.mark.parametrize(
    ("versions", "sizes", "announced"),
    [
        (("1.0",), (1, 2), "1.4"),
        ((), (), "1.4"),
        (None, (1, 2), "1.0"),
        (("1.0",), (1, None), "1.0"),
        (None, (), "1.0"),
    ],
)
def test_a_newer_version_is_announced_only_with_versions_and_every_size(
    versions: tuple[str, ...] | None, sizes: tuple[int | None, ...], announced: str
) -> None:
    """(check 18)"""
    files = (a_file(filename=f"foo-{number}.zip", size=size) for number, size in enumerate(sizes))
    detail = a_page(*files, versions=versions)
    assert as_json(detail)["meta"]["api-version"] == announced
    assert f'<meta name="pypi:repository-version" content="{announced}">' in as_html(detail)


def test_sha256_is_the_first_key_of_hashes() -> None:
    """(check 27)"""
    hashes = {"md5": "a" * 32, "sha256": SHA, "sha512": "b" * 128}
    (entry,) = as_json(a_page(a_file(hashes=hashes)))["files"]
    assert list(entry["hashes"].items()) == [("sha256", SHA), ("md5", "a" * 32), ("sha512", "b" * 128)]


def test_a_recorded_sha256_completes_a_file_and_never_overrides_a_listed_one() -> None:
    """(pain 25)"""
    detail = a_page(a_file(hashes={"md5": "a" * 32}), a_file(filename="foo-2.0.zip"))
    recorded = {"foo-1.0.zip": "c" * 64, "foo-2.0.zip": "d" * 64}
    first, second = as_json(detail, recorded)["files"]
    assert first["hashes"] == {"sha256": "c" * 64, "md5": "a" * 32}
    assert next(iter(first["hashes"])) == "sha256"
    assert first["url"] == f"../../files/foo/{'c' * 64}/foo-1.0.zip"
    assert second["url"] == f"../../files/foo/{SHA}/foo-2.0.zip"
    assert f"foo-1.0.zip#sha256={'c' * 64}" in as_html(detail, recorded)


@pytest.mark.parametrize("hashes", [{}, {"md5": "a" * 32}, {"sha1": "a" * 40}, {"sha512": "a" * 128}])
def test_without_a_sha256_the_link_has_neither_a_hash_nor_a_fragment(hashes: dict[str, str]) -> None:
    """(check 26)"""
    detail = a_page(a_file(hashes=hashes))
    assert as_json(detail)["files"][0]["url"] == "../../files/foo/foo-1.0.zip"
    assert '<a href="../../files/foo/foo-1.0.zip">' in as_html(detail)


@pytest.mark.parametrize(
    ("filename", "quoted"),
    [
        ("foo-1.0+cu124.zip", "foo-1.0+cu124.zip"),
        ("foo-1!1.0.zip", "foo-1!1.0.zip"),
        ("foo bar.zip", "foo%20bar.zip"),
        ("foo-50%.zip", "foo-50%25.zip"),
        ("foo#?.zip", "foo%23%3F.zip"),
        ("foo\"<>&'.zip", "foo%22%3C%3E%26%27.zip"),
        ("foo-ü.zip", "foo-%C3%BC.zip"),
    ],
)
def test_any_filename_makes_a_safe_link_that_decodes_to_it(filename: str, quoted: str) -> None:
    """(checks 25, 53)"""
    assert file_link("foo", filename, SHA) == f"files/foo/{SHA}/{quoted}"
    detail = a_page(a_file(filename=filename))
    for each in Format:
        assert list(read(render_project_detail(detail, each, {}), each.value, OURS)) == [filename]


@pytest.mark.parametrize(
    ("offered", "wheels"),
    [
        (OfferedMetadata(), []),
        (OfferedMetadata(every=True), ["foo-1.0-py3-none-any.whl", "foo-2.0-py3-none-any.whl"]),
        (OfferedMetadata(every=True, names=frozenset({"foo-1.0-py3-none-any.whl"})), ["foo-2.0-py3-none-any.whl"]),
        (OfferedMetadata(names=frozenset({"foo-1.0-py3-none-any.whl", "foo-1.0.zip"})), ["foo-1.0-py3-none-any.whl"]),
    ],
    ids=["nothing", "every wheel", "every wheel but one", "these alone"],
)
def test_what_is_offered_here_is_written_for_wheels_without_a_hash(offered: OfferedMetadata, wheels: list[str]) -> None:
    """And takes nothing from what the upstream lists."""
    names = ("foo-1.0-py3-none-any.whl", "foo-2.0-py3-none-any.whl", "foo-1.0.zip")
    theirs = a_file(filename="foo-3.0-py3-none-any.whl", core_metadata={"sha256": SHA})
    detail = a_page(theirs, *(a_file(filename=name) for name in names))
    entries = json.loads(render_project_detail(detail, Format.JSON_V1, {}, offered))["files"]
    text = render_project_detail(detail, Format.TEXT_HTML, {}, offered).decode()
    assert entries[0]["core-metadata"] == {"sha256": SHA}
    assert [entry["filename"] for entry in entries[1:] if entry.get("core-metadata") is True] == wheels
    assert text.count('data-core-metadata="true" data-dist-info-metadata="true"') == len(wheels)


@pytest.mark.parametrize("core_metadata", [True, {"sha256": "cd" * 32}])
def test_core_metadata_has_its_new_name_and_in_html_the_old_one_too(core_metadata: bool | dict[str, str]) -> None:
    """(checks 23, 24)"""
    detail = a_page(a_file(core_metadata=core_metadata))
    (entry,) = as_json(detail)["files"]
    assert entry["core-metadata"] == core_metadata
    assert "dist-info-metadata" not in entry  # old pips cannot read it
    value = "true" if core_metadata is True else "sha256=" + "cd" * 32
    assert f'data-core-metadata="{value}" data-dist-info-metadata="{value}"' in as_html(detail)


def test_a_sidecar_with_another_hash_only_is_just_present_in_html() -> None:
    assert 'data-core-metadata="true"' in as_html(a_page(a_file(core_metadata={"md5": "a" * 32})))


def test_a_missing_sidecar_is_not_mentioned() -> None:
    """(checks 23, 24, 57)"""
    detail = a_page(a_file())
    assert "metadata" not in json.dumps(as_json(detail))
    assert "metadata" not in as_html(detail)


def test_nothing_unknown_is_written_as_null() -> None:
    """(check 20)"""
    assert "null" not in json.dumps(as_json(a_page(a_file())))


@pytest.mark.parametrize(
    ("yanked", "attribute"),
    [(True, 'data-yanked=""'), ('<b> "x" & y', 'data-yanked="&lt;b&gt; &quot;x&quot; &amp; y"')],
)
def test_yanked_files_stay_marked_with_their_reason(yanked: bool | str, attribute: str) -> None:
    """(check 22)"""
    detail = a_page(a_file(yanked=yanked))
    assert as_json(detail)["files"][0]["yanked"] == yanked
    assert attribute in as_html(detail)


def test_every_value_is_escaped_in_html() -> None:
    """(check 25)"""
    evil = "\"'<script>&\0"
    detail = a_page(
        a_file(filename="<script>.zip", requires_python=evil, yanked=evil, provenance=f"https://example.org/{evil}"),
        status=evil,
        status_reason=evil,
        tracks=(evil,),
        alternate_locations=(evil,),
    )
    text = as_html(detail)
    assert "<script" not in text
    assert "\0" not in text
    assert text.count("&quot;&#x27;&lt;script&gt;&amp;\ufffd") == 7


def test_the_specifier_is_entity_escaped() -> None:
    """(check 25)"""
    assert 'data-requires-python="&gt;=3.8,&lt;4"' in as_html(a_page(a_file(requires_python=">=3.8,<4")))


def test_statements_about_the_project_stand_at_the_top_or_are_left_out() -> None:
    """(check 31)"""
    document = as_json(
        a_page(status="archived", tracks=("https://a.example.org/",), alternate_locations=("https://b",))
    )
    assert document["project-status"] == {"status": "archived"}
    assert document["meta"]["tracks"] == ["https://a.example.org/"]
    assert document["alternate-locations"] == ["https://b"]
    assert set(as_json(a_page())) == {"meta", "name", "files"}


def test_unknown_keys_pass_and_never_replace_ours() -> None:
    """(check 32)"""
    detail = a_page(
        a_file(extra={"new": 1, "url": "https://files.example.org/x"}),
        extra={"top": [1], "name": "other", "meta": {"generator": "x", "api-version": "9.0"}},
    )
    document = as_json(detail)
    assert document["top"] == [1]
    assert document["name"] == "foo"
    assert document["meta"] == {"generator": "x", "api-version": "1.0"}
    assert document["files"][0]["new"] == 1
    assert document["files"][0]["url"].startswith("../../files/")


@pytest.mark.parametrize("format", HTML_FORMATS)
def test_html_is_a_document_with_one_anchor_per_file(format: Format) -> None:
    text = render_project_detail(a_page(a_file(), a_file(filename="foo-2.0.zip")), format, {}).decode()
    assert text.startswith("<!DOCTYPE html>\n<html")
    assert "<title>Links for foo</title>" in text
    assert text.count("<a ") == 2
    assert text.endswith("</html>\n")


def test_the_project_list_has_relative_links_in_html_and_names_in_json() -> None:
    """(check 33)"""
    names = [normalize("bar"), normalize("foo-x")]
    assert json.loads(render_project_list(names, Format.JSON_V1)) == {
        "meta": {"api-version": "1.0"},
        "projects": [{"name": "bar"}, {"name": "foo-x"}],
    }
    for each in HTML_FORMATS:
        text = render_project_list(names, each).decode()
        assert '<a href="bar/">bar</a>' in text
        assert '<a href="foo-x/">foo-x</a>' in text


@pytest.mark.parametrize("format", list(Format))
def test_an_empty_project_list_is_a_list(format: Format) -> None:
    assert render_project_list([], format)
