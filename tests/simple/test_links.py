"""Links on pages: whatever way they are joined, they lead where browsers and installers go."""

from __future__ import annotations

import itertools
from urllib.parse import urljoin

import pytest

from pyproxy.simple.parse_fields import resolve

BASES = (
    *("https://a.example.org/simple/demo/", "https://a.example.org/simple/demo", "https://a.example.org"),
    *("https://a.example.org/", "https://a.example.org/a?b=c/d", "http://a.example.org:8080/a/b/c/", "http://[::1]:3/x/"),
)
LINKS = (
    *("demo-1.0.tar.gz", "../demo-1.0.tar.gz", "../../packages/a/b/demo-1.0+local.whl", "../../../../../../demo.whl"),
    *("/packages/demo.whl", "a%20b.whl", "~a/b", "-a/_b", "a.", "../../..a/b", "a/../b", "a/./b", "./a", "a//b"),
    *("..", "../", "a/", "/", "/a//b", "?a=b", "a?b", "//b.example.org/a"),
)


@pytest.mark.parametrize(("base", "link"), itertools.product(BASES, LINKS))
def test_a_relative_link_is_joined_as_rfc_3986_says(base: str, link: str) -> None:
    assert resolve(link, base) == urljoin(base, link)


@pytest.mark.parametrize("link", ["HTTPS://A.example.org/a", "Http://a.example.org:80?b", "http://u:p@[::1]:3/c", "http://a/"])
def test_an_absolute_link_of_the_web_stays_as_it_is(link: str) -> None:
    assert resolve(link, BASES[0]) == link


@pytest.mark.parametrize(
    "link",
    [
        *("ftp://a.example.org/", "https:///a", "http://a b.example.org/", "http://a.example.org:port/"),
        *("http://u@v@a.example.org/", "http://[::1/"),
    ],
)
def test_a_link_that_is_no_address_of_the_web_leads_nowhere(link: str) -> None:
    assert resolve(link, BASES[0]) is None


def test_a_scheme_is_not_looked_for_in_other_alphabets() -> None:
    """A long s is an s to those who ignore the case."""
    link = "http\N{LATIN SMALL LETTER LONG S}://b.example.org/"
    assert resolve(link, BASES[0]) == f"{BASES[0]}http%C5%BF:/b.example.org/"
