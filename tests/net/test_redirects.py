"""Which redirects of a page and of a file are followed."""

from __future__ import annotations

import pytest

from pyproxy.errors import UpstreamForbidden, UpstreamInvalidResponse
from pyproxy.net.redirects import MAX_REDIRECTS, RedirectRules

PAGE = "http://pypi.example.org/simple/demo/"


@pytest.mark.parametrize(
    ("location", "hosts"),
    [
        ("../other/", ()),
        ("http://pypi.example.org:80/x/", ()),
        ("https://pypi.example.org/simple/demo/", ()),
        ("https://files.example.org/x/", ("files.example.org",)),
        ("https://files.example.org:8443/x/", ("files.example.org",)),
        ("https://files.example.org:8443/x/", ("files.example.org:8443",)),
        ("http://[2001:db8::1]:81/x/", ("[2001:db8::1]:81",)),
    ],
)
def test_a_page_may_stay_or_go_to_redirect_hosts(location: str, hosts: tuple[str, ...]) -> None:
    assert RedirectRules("acme", "page", hosts).follow([PAGE], location)


@pytest.mark.parametrize(
    ("location", "hosts"),
    [
        ("https://files.example.org/x/", ()),
        ("http://pypi.example.org:8080/x/", ()),
        ("https://pypi.example.org:8443/x/", ()),
        ("https://files.example.org/x/", ("files.example.org:8443",)),
        ("https://sub.files.example.org/x/", ("files.example.org",)),
    ],
)
def test_a_page_may_not_go_elsewhere(location: str, hosts: tuple[str, ...]) -> None:
    """(check 72)"""
    with pytest.raises(UpstreamForbidden, match="not in its redirect_hosts"):
        RedirectRules("acme", "page", hosts).follow([PAGE], location)


def test_the_host_that_counts_is_the_first_one() -> None:
    """A redirect host may send back, but not on to a third."""
    rules = RedirectRules("acme", "page", ("b.example.org",))
    there = rules.follow([PAGE], "http://b.example.org/x/")
    assert rules.follow([PAGE, there], "http://pypi.example.org/y/")
    with pytest.raises(UpstreamForbidden):
        rules.follow([PAGE, there], "http://c.example.org/x/")


def test_a_file_may_go_to_any_host() -> None:
    assert RedirectRules("acme", "file").follow([PAGE], "https://cdn.example.com/x.whl?sig=1")


def test_of_redirects_there_are_only_so_many() -> None:
    visited = [f"{PAGE}?{number}" for number in range(MAX_REDIRECTS)]
    assert RedirectRules("acme", "page").follow(visited, "?next")
    with pytest.raises(UpstreamInvalidResponse, match="redirects more than 10 times, a fixed limit"):
        RedirectRules("acme", "page").follow([*visited, PAGE], "?next")
