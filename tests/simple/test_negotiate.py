"""The format each client gets."""

from __future__ import annotations

import tracemalloc

import pytest

from pyproxy.errors import NotAcceptable
from pyproxy.simple.negotiate import Format, accepts_gzip, choose_format

PIP = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
UV = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
POETRY = "application/vnd.pypi.simple.v1+json, */*;q=0.1"
DEVPI = "application/vnd.pypi.simple.v1+html;q=0.2, application/vnd.pypi.simple.v1+json, text/html;q=0.01"
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize("accept", [PIP, UV, POETRY, DEVPI, "application/vnd.pyx.simple.v1+msgpack, " + UV])
def test_installers_get_json(accept: str) -> None:
    """(checks 6, 7, 8)"""
    assert choose_format(accept) is Format.JSON_V1


@pytest.mark.parametrize("accept", [None, "", " ", "*/*", "text/html", "text/*", FIREFOX, "text/html, */*"])
def test_people_and_plain_tools_get_html(accept: str | None) -> None:
    """(checks 9, 10)"""
    assert choose_format(accept) is Format.TEXT_HTML


@pytest.mark.parametrize(
    ("accept", "format"),
    [
        ("application/vnd.pypi.simple.latest+json", Format.JSON_V1),
        ("application/vnd.pypi.simple.latest+html", Format.HTML_V1),
        ("Application/VND.pypi.simple.V1+JSON", Format.JSON_V1),
        ("application/vnd.pypi.simple.v1+html", Format.HTML_V1),
    ],
)
def test_latest_means_version_1_and_case_does_not_matter(accept: str, format: Format) -> None:
    """(check 11)"""
    assert choose_format(accept) is format


@pytest.mark.parametrize(
    ("accept", "format"),
    [
        ("application/vnd.pypi.simple.v1+json;q=0, */*", Format.TEXT_HTML),
        ("text/html;q=0, */*", Format.JSON_V1),
        ("text/html;q=0.5, application/vnd.pypi.simple.v1+json;q=0.4", Format.TEXT_HTML),
        ("text/html, application/vnd.pypi.simple.v1+json", Format.JSON_V1),
        ("application/*, text/html;q=0.9", Format.JSON_V1),
        ("*/*;q=1, text/html;q=0.1", Format.JSON_V1),
        ("text/html;level=1;q=0.7, application/vnd.pypi.simple.v1+html;q=0.6", Format.TEXT_HTML),
        ("text/html;q=nan, application/vnd.pypi.simple.v1+html;q=0.1", Format.HTML_V1),
        ("text/html;q=x,,;, application/vnd.pypi.simple.v1+html;q=0.1", Format.HTML_V1),
    ],
)
def test_the_weight_decides_then_our_preference_never_the_order(accept: str, format: Format) -> None:
    """(check 14)"""
    assert choose_format(accept) is format
    assert choose_format(",".join(reversed(accept.split(",")))) is format


@pytest.mark.parametrize("accept", ["image/png", "application/json", "text/html;q=0", "*/*;q=0", "nonsense"])
def test_nothing_acceptable_is_refused_with_the_names_of_our_formats(accept: str) -> None:
    """(check 12)"""
    with pytest.raises(NotAcceptable) as caught:
        choose_format(accept)
    assert all(offer.value in str(caught.value) for offer in Format)


@pytest.mark.parametrize(
    ("parameter", "format"),
    [
        ("application/vnd.pypi.simple.v1+json", Format.JSON_V1),
        ("application/vnd.pypi.simple.v1 json", Format.JSON_V1),
        ("application/vnd.pypi.simple.latest+html", Format.HTML_V1),
        ("text/html", Format.TEXT_HTML),
    ],
)
def test_the_format_parameter_overrides_accept(parameter: str, format: Format) -> None:
    """(check 13)"""
    assert choose_format("image/png", parameter) is format


@pytest.mark.parametrize("parameter", ["json", "*/*", "text/html;q=1", "application/json"])
def test_the_format_parameter_takes_one_exact_type(parameter: str) -> None:
    with pytest.raises(NotAcceptable):
        choose_format("text/html", parameter)


def test_an_empty_format_parameter_is_none() -> None:
    assert choose_format(PIP, "") is Format.JSON_V1


def test_the_content_types_are_exact() -> None:
    """(checks 15, 16)"""
    assert [offer.content_type for offer in Format] == [
        "application/vnd.pypi.simple.v1+json",
        "application/vnd.pypi.simple.v1+html",
        "text/html; charset=utf-8",
    ]


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip, deflate", True),
        ("gzip, deflate, zstd", True),
        ("zstd,gzip,deflate", True),
        ("x-gzip", True),
        ("*", True),
        ("GZIP;q=0.5", True),
        ("*;q=0.1, identity", True),
        (None, False),
        ("", False),
        ("identity", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
    ],
)
def test_gzip_is_sent_only_where_it_is_admitted(header: str | None, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


def test_long_headers_are_read_as_others_and_not_remembered() -> None:
    """Whoever sends a new one each time would fill the memory."""
    long = "x" * 20_000
    tracemalloc.start()
    try:
        for number in range(300):
            assert choose_format(f"text/html, {long}/{number}") is Format.TEXT_HTML
            assert accepts_gzip(f"{long}{number}, gzip")
            with pytest.raises(NotAcceptable):
                choose_format(f"{long}/{number}")
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()
