"""An upstream's answer as a whole: its type, its frame, and what every page gets."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from pyproxy.errors import EmptyIndexPage, NotAnIndexPage
from pyproxy.simple.model import ProjectDetail
from pyproxy.simple.names import normalize
from pyproxy.simple.parse import parse_project_detail

URL = "https://index.example.org/simple/foo/"
FOO = normalize("foo")
JSON_BODY = json.dumps(
    {"meta": {"api-version": "1.0"}, "name": "foo", "files": [{"filename": "foo-1.0.zip", "url": "foo-1.0.zip"}]}
).encode()
HTML_BODY = b"<!DOCTYPE html><title>Links for foo</title><a href='foo-1.0.zip'>foo-1.0.zip</a>"


def parse(body: bytes | dict[str, Any], content_type: str | None = None) -> ProjectDetail:
    if isinstance(body, dict):
        body = json.dumps(body).encode()
    return parse_project_detail(body, content_type, URL, FOO)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/vnd.pypi.simple.v1+json",
        "application/vnd.pypi.simple.v1+json; charset=utf-8",
        "Application/Vnd.PyPI.simple.v1+JSON",
        "application/json",
        "application/octet-stream",
        "text/plain",
        "",
        None,
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_json_is_read_by_its_type_or_else_by_its_looks(content_type: str | None, mark: bytes) -> None:
    """(pain 22)"""
    assert [file.filename for file in parse(mark + JSON_BODY, content_type).files] == ["foo-1.0.zip"]


@pytest.mark.parametrize(
    "content_type",
    [
        *("application/vnd.pypi.simple.v1+html", "text/html", "text/html; charset=utf-8", "text_html", "TEXT/HTML"),
        *("text/html; charset=nonsense", "text/html; charset", "binary/octet-stream", "", None),
    ],
)
def test_html_is_read_by_its_type_or_else_by_its_looks(content_type: str | None) -> None:
    """(pain 22)"""
    assert [file.filename for file in parse(HTML_BODY, content_type).files] == ["foo-1.0.zip"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/vnd.pypi.simple.v1+json"),
        (b" \n", "text/html"),
        (b"", None),
        (b"{", "application/json"),
        (HTML_BODY, "application/vnd.pypi.simple.v1+json"),
        (JSON_BODY, "text/html"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b'{"message": "not found"}', "application/json"),
        (b'{"files": {}}', "application/json"),
        (b'{"files": null}', None),
        (b"[" * 100_000, "application/json"),
        (b'{"files": [' + b"[" * 100_000, "application/json"),
        (JSON_BODY, "application/vnd.pypi.simple.v2+json"),
        (JSON_BODY.replace(b"1.0", b"2.0", 1), "application/json"),
        (HTML_BODY.replace(b"<a", b'<meta name="pypi:repository-version" content="2.0"><a'), "text/html"),
        (JSON_BODY.replace(b'"foo"', b'"bar"'), "application/json"),
        (b"<html><title>Sign in</title><a href='/login'>Sign in</a></html>", "text/html"),
        (b"<html><title>Welcome to Hotel</title><a href='/wifi-client-setup.exe'>Get it</a></html>", "text/html"),
        (b"<title>Links for foo</title><a href='javascript:x/foo-1.0.zip'>foo-1.0.zip</a>", "text/html"),
        (b'{"files": [{"filename": "../x.whl", "url": "x.whl"}, 7]}', "application/json"),
    ],
)
def test_what_is_no_project_page_is_an_error_that_says_so(body: bytes, content_type: str | None) -> None:
    """(pain 22)"""
    with pytest.raises(NotAnIndexPage) as caught:
        parse(body, content_type)
    assert str(caught.value).startswith(("the answer ", "the page ", "none of the page's "))


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html><head><title>Links for foo</title></head><body><h1>Links for foo</h1></body></html>",
        b"<title>LINKS FOR nothing</title>",
        b'<meta name="pypi:repository-version" content="1.0"><title>x</title>',
        b'<title>Links for foo</title><a href="../">up</a><a href="https://example.org/">home</a>',
    ],
)
def test_an_html_index_page_without_any_file_is_empty(body: bytes) -> None:
    """(check 4, pain 27)"""
    with pytest.raises(EmptyIndexPage):
        parse(body, "text/html")


def test_a_json_page_without_files_is_a_real_project() -> None:
    """(pain 27)"""
    detail = parse({"meta": {"api-version": "1.0"}, "name": "foo", "files": []}, "application/json")
    assert detail.files == ()


def test_an_html_page_without_files_but_with_a_status_is_a_real_project() -> None:
    body = b'<title>Links for foo</title><meta name="pypi:project-status" content="quarantined">'
    assert parse(body, "text/html").status == "quarantined"


def test_newer_minor_versions_are_read() -> None:
    assert parse(JSON_BODY.replace(b'"1.0"', b'"1.97"', 1), "application/json").files


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (
            JSON_BODY.replace(b'"name"', b'"project-status": {"status": "quarantined", "reason": "bad"}, "name"'),
            "application/json",
        ),
        (
            HTML_BODY.replace(
                b"<a",
                b'<meta name="pypi:project-status" content="quarantined">'
                b'<meta name="pypi:project-status-reason" content="bad"><a',
            ),
            "text/html",
        ),
    ],
)
def test_a_quarantined_project_offers_no_files(body: bytes, content_type: str) -> None:
    """(check 31)"""
    detail = parse(body, content_type)
    assert (detail.files, detail.status, detail.status_reason) == ((), "quarantined", "bad")


def test_versions_are_derived_where_the_upstream_gives_none() -> None:
    body = b"".join(
        b"<a href='%s'>x</a>" % name
        for name in (b"foo-1.10.zip", b"foo-1.9-py3-none-any.whl", b"foo-1.9.zip", b"foo-odd_one.zip")
    )
    assert parse(b"<title>Links for foo</title>" + body, "text/html").versions == ("odd_one", "1.9", "1.10")


def test_versions_are_left_out_where_a_filename_names_none() -> None:
    body = HTML_BODY + b"<a href='strange.zip'>strange.zip</a>"
    detail = parse(body, "text/html")
    assert (len(detail.files), detail.versions) == (2, None)


def test_given_versions_stay_verbatim() -> None:
    page = {"files": [{"filename": "foo-1.0.zip", "url": "x"}], "versions": ["1.0", "0.1-dev", 7]}
    assert parse(page, "application/json").versions == ("1.0", "0.1-dev")


def test_unparsable_and_future_names_are_listed_as_they_stand() -> None:
    """(pain 29)"""
    names = [
        *("foo-1.0beta5prerelease.tar.gz", "foo-1.0-py2.7.egg", "foo-1.0.win32.exe", "foo-1.0.msi"),
        *("foo-1.0-1.noarch.rpm", "foo.dump", "foo-1.0-variants.json", "foo-1.0-cp312-cp312-linux_x86_64-cu12.whl"),
    ]
    page = {"files": [{"filename": name, "url": f"/f/{name}", "hashes": {}} for name in names]}
    assert [file.filename for file in parse(page, "application/json").files] == names


def test_the_errors_can_cross_a_process_border() -> None:
    with pytest.raises(NotAnIndexPage) as caught:
        parse(b"{", "application/json")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
