"""Answers of upstreams, right and almost right, in JSON and HTML."""

from __future__ import annotations

from urllib.parse import urljoin

import msgspec
import pytest
from hypothesis import example, given

from pyproxy.errors import NotAnIndexPage
from pyproxy.simple import parse_json
from pyproxy.simple.model import ProjectDetail
from pyproxy.simple.negotiate import Format
from pyproxy.simple.parse import parse_project_detail
from pyproxy.simple.render import file_link, render_project_detail
from tests.fuzz.pages import (
    CONTENT_TYPES,
    OURS,
    check_detail,
    check_json_document,
    check_project_list,
    check_project_page,
    read_again,
)
from tests.fuzz.profile import examples
from tests.fuzz.upstream_pages import HTML_PAGES, JSON_PAGES, USUAL_PAGES, documents, lists_in_json, right_details
from tests.simple.corpus import PROJECT

AS_JSON = bytes([CONTENT_TYPES.index("application/json")])
AS_HTML = bytes([CONTENT_TYPES.index("text/html")])
UNNAMED = bytes([CONTENT_TYPES.index(None)])


@examples(150)
@given(JSON_PAGES)
@example(b'{"files":[],"meta":{"api-version":' + b"[" * 900 + b"]" * 900 + b"}}")
def test_an_almost_right_page_in_json_is_a_page_or_none(body: bytes) -> None:
    check_project_page(AS_JSON + body)
    check_project_page(UNNAMED + body)


@examples(150)
@given(USUAL_PAGES)
def test_a_page_of_usual_objects_is_read_by_the_rules_for_all_others(body: bytes) -> None:
    assert parse_json._usual(body) is not None
    at_once = _said_of(body)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(parse_json, "_usual", lambda _: None)
        assert _said_of(body) == at_once


def _said_of(body: bytes) -> ProjectDetail | str:
    try:
        return parse_json.parse_json(body, "https://index.example.org/simple/quick-fox/", PROJECT)
    except NotAnIndexPage as error:
        return str(error)


@examples(120)
@given(HTML_PAGES)
def test_an_almost_right_page_in_html_is_a_page_or_none(body: bytes) -> None:
    check_project_page(AS_HTML + body)
    check_project_page(UNNAMED + body)
    check_project_list(body)


@examples(80)
@given(lists_in_json())
def test_an_almost_right_list_of_projects_is_a_list_or_none(body: bytes) -> None:
    check_project_list(body)


@examples(80)
@given(documents())
def test_an_almost_right_document_is_a_document_or_none(body: bytes) -> None:
    check_json_document(b"\x00" + body)
    check_json_document(b"\xff" + body)


def from_here(detail: ProjectDetail) -> ProjectDetail:
    """The same page with its files where we have them."""
    files = (
        msgspec.structs.replace(file, url=urljoin(OURS, f"../../{file_link(detail.name, file.filename, file.sha256)}"))
        for file in detail.files
    )
    return msgspec.structs.replace(detail, files=tuple(files))


@examples(60)
@given(right_details())
def test_a_page_that_is_sent_as_json_and_read_is_the_same_page(detail: ProjectDetail) -> None:
    check_detail(detail)
    assert read_again(detail) == from_here(detail)


@examples(60)
@given(right_details(in_html=True))
def test_a_page_that_is_sent_as_html_and_read_is_the_same_page(detail: ProjectDetail) -> None:
    for format in (Format.HTML_V1, Format.TEXT_HTML):
        body = render_project_detail(detail, format, {})
        if detail.files or detail.status:
            read = parse_project_detail(body, format.content_type, OURS, PROJECT)
            assert msgspec.structs.replace(read, versions=detail.versions) == from_here(detail)
