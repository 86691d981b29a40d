"""Anchors and metas of HTML pages."""

from __future__ import annotations

import pytest

from pyproxy.errors import NotAnIndexPage
from pyproxy.simple.model import File, ProjectDetail
from pyproxy.simple.names import normalize
from pyproxy.simple.parse_html import parse_html

URL = "https://index.example.org/root/simple/foo/"
SHA = "ab" * 32


def parse_page(content: str, charset: str | None = None) -> ProjectDetail:
    return parse_html(f"<title>Links for foo</title>{content}".encode(), charset, URL, normalize("foo"))


def parse_file(attributes: str, href: str = "foo-1.0-py3-none-any.whl") -> File:
    (file,) = parse_page(f'<a href="{href}" {attributes}>text</a>').files
    return file


@pytest.mark.parametrize(
    "bad",
    [
        '<a href="..%2f..%2fx.whl">x</a>',
        '<a href="a%00b.whl">x</a>',
        '<a href="a%5cb.whl">x</a>',
        '<a href="%ff.whl">x</a>',
        '<a href="javascript:alert(1)/x.whl">x</a>',
        '<a href="file:///etc/x.whl">x</a>',
        '<a href="ftp://example.org/x.whl">x</a>',
        '<a href="http://[x.whl">x</a>',
        '<a href="https://x.whl">x</a>',
        '<a href="packages/#sha256=' + SHA + '">x</a>',
        '<a href="x.whl.metadata#sha256=' + SHA + '">x</a>',
        '<a href="">x.whl</a>',
        "<a href>x.whl</a>",
        "<a>x.whl</a>",
        '<a name="x.whl">x</a>',
        '<!-- <a href="x.whl">x</a> -->',
        "<script>\"<a href='x.whl'>x</a>\"</script>",
        '<a href="/etc/x">x</a>',
    ],
)
def test_one_bad_anchor_never_costs_the_page(bad: str) -> None:
    """(check 53, pain 29)"""
    detail = parse_page(bad + '<a href="foo-1.0.zip">foo-1.0.zip</a>')
    assert [file.filename for file in detail.files] == ["foo-1.0.zip"]


def test_of_a_name_listed_twice_the_first_anchor_counts() -> None:
    detail = parse_page('<a href="a/foo-1.0.zip">x</a><a href="b/foo-1.0.zip">x</a>')
    assert [file.url for file in detail.files] == [f"{URL}a/foo-1.0.zip"]


@pytest.mark.parametrize(
    ("attributes", "yanked"),
    [
        ("", False),
        ("data-yanked", True),
        ('data-yanked=""', True),
        ('data-yanked="a &lt;b&gt; &quot;c&quot;"', 'a <b> "c"'),
    ],
)
def test_the_mere_attribute_means_yanked(attributes: str, yanked: bool | str) -> None:
    """(check 22)"""
    assert parse_file(attributes).yanked == yanked


@pytest.mark.parametrize(
    ("attributes", "core_metadata"),
    [
        ("", False),
        ('data-core-metadata="true"', True),
        ("data-core-metadata", True),
        ('data-core-metadata="false"', False),
        ('data-core-metadata="maybe"', False),
        (f'data-core-metadata="sha256={SHA.upper()}"', {"sha256": SHA}),
        ('data-core-metadata="sha256=short"', True),
        (f'data-dist-info-metadata="sha256={SHA}"', {"sha256": SHA}),
        (f'data-core-metadata="true" data-dist-info-metadata="sha256={SHA}"', True),
    ],
)
def test_both_attributes_of_core_metadata_are_read(attributes: str, core_metadata: bool | dict[str, str]) -> None:
    """(checks 23, 24)"""
    assert parse_file(attributes).core_metadata == core_metadata


@pytest.mark.parametrize(
    ("fragment", "hashes"),
    [
        (f"sha256={SHA}", {"sha256": SHA}),
        (f"sha256={SHA.upper()}", {"sha256": SHA}),
        (f"sha256={SHA}&amp;egg=foo", {"sha256": SHA}),
        (f"sha256={SHA}0", {}),
        ("sha256=" + "g" * 64, {}),
        (f"egg=foo&amp;sha256={SHA}", {"sha256": SHA}),
        ("md5=" + "a" * 32, {"md5": "a" * 32}),
        ("egg=foo", {}),
        ("sha256=", {}),
        ("", {}),
    ],
)
def test_hashes_are_read_from_the_fragment(fragment: str, hashes: dict[str, str]) -> None:
    """(pain 25)"""
    file = parse_file("", href=f"foo-1.0.zip#{fragment}")
    assert (file.hashes, file.url) == (hashes, f"{URL}foo-1.0.zip")


def test_attributes_that_only_some_indexes_write_are_read_if_valid() -> None:
    file = parse_file(
        'data-size="12" data-upload-time="2024-01-02T03:04:05Z" data-gpg-sig="true" data-requires-python=""'
    )
    assert (file.size, file.upload_time, file.gpg_sig) == (12, "2024-01-02T03:04:05Z", True)
    assert file.requires_python is None
    file = parse_file('data-size="-1" data-upload-time="yesterday" data-gpg-sig="maybe" data-provenance="/p"')
    assert (file.size, file.upload_time, file.gpg_sig, file.provenance) == (None, None, None, None)


def test_the_name_is_the_last_segment_decoded_and_the_link_stays_verbatim() -> None:
    """(pain 20)"""
    file = parse_file("", href="../../w/foo-1.0%2Bcu124-py3-none-any.whl?sig=a%2Bb&amp;x=/y.zip")
    assert file.filename == "foo-1.0+cu124-py3-none-any.whl"
    assert file.url == "https://index.example.org/root/w/foo-1.0%2Bcu124-py3-none-any.whl?sig=a%2Bb&x=/y.zip"


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://files.example.org/a/", "https://files.example.org/a/foo-1.0.zip"),
        ("/a/", "https://index.example.org/a/foo-1.0.zip"),
        ("../bar/", "https://index.example.org/root/simple/bar/foo-1.0.zip"),
        ("javascript:x", f"{URL}foo-1.0.zip"),
        ("", f"{URL}foo-1.0.zip"),
    ],
)
def test_a_base_element_is_honoured(base: str, url: str) -> None:
    """(check 83)"""
    (file,) = parse_page(f'<base href="{base}"><base href="/late/"><a href="foo-1.0.zip">x</a>').files
    assert file.url == url


def test_an_anchor_without_a_known_ending_is_a_file_if_it_carries_a_hash_or_a_files_attribute() -> None:
    detail = parse_page(f'<a href="foo.x#sha256={SHA}">a</a><a href="foo.y" data-yanked>b</a><a href="foo.z">c</a>')
    assert [file.filename for file in detail.files] == ["foo.x", "foo.y"]


@pytest.mark.parametrize("anchor", ['href="Foo-1.0.zip"', f'href="x/setup.exe#sha256={SHA}"', 'href="FOO-1.whl"'])
def test_a_page_that_does_not_call_itself_an_index_counts_if_it_lists_files_of_the_project(anchor: str) -> None:
    assert parse_html(f"<h1>Index of /</h1><a {anchor}>x</a>".encode(), None, URL, normalize("foo")).files


def test_a_page_that_only_offers_a_program_is_no_index() -> None:
    with pytest.raises(NotAnIndexPage):
        parse_html(b"<h1>Get our client</h1><a href='client.exe'>x</a>", None, URL, normalize("foo"))


@pytest.mark.parametrize(
    ("encoding", "charset", "head"),
    [
        ("utf-8", None, ""),
        ("utf-8", "utf-8", ""),
        ("utf-8", "no-such-charset", ""),
        ("utf-8", "punycode", ""),
        ("utf-8", "utf-7", ""),
        ("iso-8859-1", "ISO-8859-1", ""),
        ("windows-1252", None, '<meta charset="windows-1252">'),
        ("iso-8859-1", None, '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">'),
        ("utf-8-sig", "iso-8859-1", ""),
        ("utf-16", None, ""),
    ],
)
def test_the_charset_is_that_of_the_mark_the_header_or_the_page(encoding: str, charset: str | None, head: str) -> None:
    body = f'{head}<title>Links for foo</title><a href="foo-1.0.zip" data-yanked="zurückgezogen">x</a>'.encode(encoding)
    (file,) = parse_html(body, charset, URL, normalize("foo")).files
    assert file.yanked == "zurückgezogen"


def test_bytes_that_are_no_text_do_not_cost_the_page() -> None:
    body = b'<title>Links for foo</title><a href="foo-1.0.zip" data-yanked="\xff\x00">x</a>'
    assert parse_html(body, "utf-8", URL, normalize("foo")).files


def test_metas_of_the_project_are_read() -> None:
    detail = parse_page(
        '<meta name="PyPI:project-status" content="archived">'
        '<meta name="pypi:project-status-reason" content="a &amp; b">'
        '<meta name="pypi:tracks" content="https://a.example.org/foo/">'
        '<meta name="pypi:tracks" content="https://b.example.org/foo/">'
        '<meta name="pypi:alternate-locations" content="https://c.example.org/foo/">'
        '<a href="foo-1.0.zip">x</a>'
    )
    assert (detail.status, detail.status_reason) == ("archived", "a & b")
    assert detail.tracks == ("https://a.example.org/foo/", "https://b.example.org/foo/")
    assert detail.alternate_locations == ("https://c.example.org/foo/",)


@pytest.mark.parametrize("piece", ["<div>", "<b>", "<div></p></span ></DIV><div>", "<x><div></x>", "<svg><a>"])
def test_a_page_nested_without_end_is_refused_before_it_is_parsed(piece: str) -> None:
    """The time to parse it would grow by the square of its depth."""
    with pytest.raises(NotAnIndexPage, match="nested deeper than"):
        parse_page(piece * 100_000 + '<a href="foo-1.0.zip">x</a>')


@pytest.mark.parametrize(
    "before", ["<li>", "<p>", "<tr><td>", "<br>", "<img>", "<div></div>", "</div>", "<svg><path/></svg>"]
)
def test_end_tags_that_html_lets_one_leave_out_are_no_nesting(before: str) -> None:
    links = "".join(f'{before}<a href="foo-{number}.zip">x' for number in range(2000))
    assert len(parse_page(f"<ul><table>{links}").files) == 2000
