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
