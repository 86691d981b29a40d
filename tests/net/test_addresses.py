"""URLs: the form in which they are asked, and their origin."""

from __future__ import annotations

import pytest

from pyproxy.net.addresses import origin_of, resolve, sendable


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://Files.Example.ORG/A?b=c#d", "https://files.example.org/A?b=c"),
        ("https://files.example.org", "https://files.example.org/"),
        ("https://files.example.org:443/", "https://files.example.org/"),
        ("http://files.example.org:443/", "http://files.example.org:443/"),
        ("https://user:pw@files.example.org/x", "https://files.example.org/x"),
        ("https://bücher.example.org/ü", "https://xn--bcher-kva.example.org/%C3%BC"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("http://a/x+y%2Bz%20 q", "http://a/x+y%2Bz%20%20q"),
    ],
)
def test_a_url_has_one_sendable_form(url: str, expected: str) -> None:
    assert sendable(url) == expected
    assert sendable(expected) == expected


@pytest.mark.parametrize(
    "url",
    ["", "/x", "ftp://a/x", "http:///x", "http://a:b/", "http://a:70000/", "http://a\\b/", "http://a/\r\nX: y", "http://a%2eb/"],
)
def test_what_is_no_http_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        sendable(url)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("y", "http://a/b/y"),
        ("/y", "http://a/y"),
        ("//c/y", "http://c/y"),
        ("?z", "http://a/b/x?z"),
        (" https://c/y ", "https://c/y"),
        ("/\xc3\xbc", "http://a/%C3%BC"),
        ("/\xfc", "http://a/%C3%BC"),
    ],
)
def test_a_location_is_relative_to_the_page_and_may_hold_raw_utf8(location: str, expected: str) -> None:
    assert resolve("http://a/b/x", location) == expected


def test_an_origin_has_its_port_filled_in() -> None:
    assert origin_of("https://A.example.org/x") == ("https", "a.example.org", 443)
    assert origin_of("http://a.example.org:8080/x") == ("http", "a.example.org", 8080)
