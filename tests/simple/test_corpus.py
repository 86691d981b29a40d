"""Every field of every index's page before us and after us."""

from __future__ import annotations

import json
from urllib.parse import urljoin, urlsplit

import pytest
from packaging.utils import parse_wheel_filename

from pyproxy.simple import canonical, work
from pyproxy.simple.negotiate import Format
from pyproxy.simple.parse import parse_project_detail
from tests.simple.corpus import PAGES, PAGES_FOLDER, PROJECT, Page
from tests.simple.reading import JSON, Entry, read, statements

IN_HTML = ("url", "hashes", "requires-python", "yanked", "core-metadata", "provenance", "gpg-sig")

OURS = "https://proxy.example.com/prefix/simple/quick-fox/"

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def before(page: Page) -> dict[str, Entry]:
    return read(page.body, page.read_as, page.url)


def rendered(page: Page, format: Format) -> bytes:
    prepared = work.prepare(page.body, page.content_type, page.url, PROJECT)
    return work.render(prepared.canonical_z, format, {}).body


def after(page: Page, format: Format) -> dict[str, Entry]:
    return read(rendered(page, format), format.value, OURS)


@pages
def test_no_field_is_lost_or_changed_on_the_way_to_json(page: Page) -> None:
    """(checks 19, 21, 22, 83)"""
    expected, served = before(page), after(page, Format.JSON_V1)
    assert list(served) == list(expected)
    assert len(served) == page.file_count
    for filename, entry in expected.items():
        assert {**served[filename], "url": None} == {**entry, "url": None}


@pages
def test_no_statement_about_the_project_is_lost_or_changed_on_the_way_to_json(page: Page) -> None:
    """Status, versions, tracks, alternate locations and what nobody knows yet (checks 31, 32)."""
    expected, served = statements(page.body, page.read_as), statements(rendered(page, Format.JSON_V1), JSON)
    # Where the upstream does not say which versions there are, its files do.
    assert served == {**{key: served[key] for key in ("versions",) if key in served}, **expected}


@pages
@pytest.mark.parametrize("format", [Format.HTML_V1, Format.TEXT_HTML])
def test_html_has_the_same_statements_about_the_project_as_far_as_it_can(page: Page, format: Format) -> None:
    in_json = statements(rendered(page, Format.JSON_V1), JSON)
    in_html = statements(rendered(page, format), format.value)
    expected = {key: in_json[key] for key in ("tracks", "alternate-locations") if key in in_json}
    if status := in_json.get("project-status"):
        expected["project-status"] = {key: status[key] for key in ("status", "reason") if key in status}
    assert in_html == expected


@pages
def test_the_versions_of_a_page_that_names_none_are_those_of_its_files(page: Page) -> None:
    if "versions" not in statements(page.body, page.read_as):
        wheels = {str(parse_wheel_filename(name)[1]) for name in before(page) if name.endswith("py3-none-any.whl")}
        assert wheels <= set(statements(rendered(page, Format.JSON_V1), JSON)["versions"])


@pages
@pytest.mark.parametrize("format", [Format.HTML_V1, Format.TEXT_HTML])
def test_html_says_the_same_as_json_in_its_own_terms(page: Page, format: Format) -> None:
    """(checks 25, 34)"""
    in_json, in_html = after(page, Format.JSON_V1), after(page, format)
    assert list(in_html) == list(in_json)
    for filename, entry in in_json.items():
        sha256 = entry["hashes"].get("sha256")
        expected = {key: value for key, value in entry.items() if key in IN_HTML}
        expected["hashes"] = {"sha256": sha256} if sha256 else {}
        assert in_html[filename] == expected


@pages
def test_every_file_is_fetched_from_exactly_where_the_upstream_keeps_it(page: Page) -> None:
    """(check 83)"""
    prepared = work.prepare(page.body, page.content_type, page.url, PROJECT)
    links = work.links(prepared.canonical_z)
    assert {filename: link.url for filename, link in links.items()} == {
        filename: entry["url"] for filename, entry in before(page).items()
    }


@pages
@pytest.mark.parametrize("format", list(Format))
def test_every_link_stays_on_our_own_origin_below_our_prefix_without_a_query(page: Page, format: Format) -> None:
    """(checks 28, 29)"""
    for entry in after(page, format).values():
        parts = urlsplit(entry["url"])
        sha256 = entry["hashes"].get("sha256")
        assert (parts.scheme, parts.netloc, parts.query) == ("https", "proxy.example.com", "")
        assert parts.path.startswith(f"/prefix/files/quick-fox/{sha256}/" if sha256 else "/prefix/files/quick-fox/")


@pages
@pytest.mark.parametrize("format", list(Format))
def test_no_upstream_host_is_named_but_in_provenance(page: Page, format: Format) -> None:
    prepared = work.prepare(page.body, page.content_type, page.url, PROJECT)
    body = work.render(prepared.canonical_z, format, {}).body.decode()
    for entry in before(page).values():
        body = body.replace(entry.get("provenance", "\0"), "")
    assert "example.org" not in body
    assert "127.0.0.1" not in body


@pages
def test_what_is_stored_reads_back_as_what_was_parsed(page: Page) -> None:
    detail = parse_project_detail(page.body, page.content_type, page.url, PROJECT)
    assert canonical.decode(canonical.encode(detail)) == detail


@pages
def test_our_own_pages_read_back_through_us_as_the_same_files(page: Page) -> None:
    """A pyproxy in front of a pyproxy."""
    once = work.prepare(page.body, page.content_type, page.url, PROJECT)
    rendered = work.render(once.canonical_z, Format.JSON_V1, {}).body
    twice = work.prepare(rendered, Format.JSON_V1.content_type, OURS, PROJECT)
    assert work.render(twice.canonical_z, Format.JSON_V1, {}).body == rendered


def test_entries_that_cannot_be_used_cost_nothing_but_themselves() -> None:
    """Duplicates, links out of the folder, values cut short and tags left open (check 83, pain 29, F36)."""
    url = "https://index.example.org/simple/quick-fox/"
    body = (PAGES_FOLDER / "battered.html").read_bytes()
    detail = parse_project_detail(body, "text/html", url, PROJECT)
    files = "https://index.example.org/p/"
    assert [(file.filename, file.url, file.hashes) for file in detail.files] == [
        ("quick_fox-1.0-py3-none-any.whl", f"{files}quick_fox-1.0-py3-none-any.whl", {"sha256": "4" * 64}),
        ("quick_fox-1.0.tar.gz", f"{files}quick_fox-1.0.tar.gz", {}),
        ("quick_fox-1.0.zip", f"{files}quick_fox-1.0.zip", {"sha1": "c" * 40}),
        ("quick_fox-0.9.tar.gz", f"{files}quick_fox-0.9.tar.gz", {"sha256": "a" * 64}),
    ]
    assert [file.yanked for file in detail.files] == [False, False, False, True]
    assert not any(file.core_metadata for file in detail.files)


def test_a_page_level_statement_passes_in_both_formats() -> None:
    """(check 31)"""
    page = PAGES[0]
    prepared = work.prepare(page.body, page.content_type, page.url, PROJECT)
    document = json.loads(work.render(prepared.canonical_z, Format.JSON_V1, {}).body)
    assert document["project-status"] == {"status": "archived", "reason": "moved on"}
    assert document["versions"] == ["0.9", "1.0", "1.1rc1"]
    assert document["meta"] == {"api-version": "1.4"}
    text = work.render(prepared.canonical_z, Format.TEXT_HTML, {}).body.decode()
    assert '<meta name="pypi:project-status" content="archived">' in text
    assert '<meta name="pypi:project-status-reason" content="moved on">' in text


def test_links_written_for_the_flat_index_resolve_with_their_plus_and_epoch() -> None:
    """(check 53) uv takes the filename from the link: it must come out decoded right."""
    page = next(page for page in PAGES if page.name == "flat.html")
    text = work.render(
        work.prepare(page.body, page.content_type, page.url, PROJECT).canonical_z, Format.TEXT_HTML, {}
    ).body.decode()
    assert f'href="../../files/quick-fox/{"4" * 64}/quick_fox-2.4.0+cu124-cp312-cp312-linux_x86_64.whl#' in text
    assert f'href="../../files/quick-fox/{"7" * 64}/quick_fox-1!2.0-py3-none-any.whl#' in text
    assert urljoin(OURS, "../../files/").endswith("/prefix/files/")
