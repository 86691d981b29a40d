"""What an upstream that is a proxy as well says of its own answer."""

from __future__ import annotations

import json

import pytest

from pyproxy.net.response import ResponseHead
from pyproxy.net.second_hand import TITLE_LIMIT, explained, is_second_hand

PROBLEM = "application/problem+json"


def head(**headers: str) -> ResponseHead:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return ResponseHead(502, names, "https://index.example.org/simple/foo/", encoded=False, content_length=None)


@pytest.mark.parametrize(
    ("cache_status", "second_hand"),
    [
        ("pyproxy; hit", False),
        ("pyproxy; fwd=miss", False),
        ("pyproxy; fwd=stale; detail=timeout", True),
        ("pyproxy; fwd=miss; detail=degraded", True),
        ("pyproxy; fwd=stale; detail=timeout, front; hit", True),
        ("front; fwd=miss, pyproxy;fwd=stale", True),
        ("pyproxy; fwd=miss; detail=made-after-timeout", True),
        ("pyproxy; hit; detail=made", False),
        ("front; fwd=stale", False),
        ("pyproxy; hit, front; fwd=stale", False),
        ("not-pyproxy; fwd=stale", False),
    ],
)
def test_only_a_pyproxys_own_word_makes_an_answer_second_hand(cache_status: str, second_hand: bool) -> None:
    """To others ``fwd=stale`` means that they have asked again (RFC 9211 section 2.2)."""
    assert is_second_hand(head(cache_status=cache_status)) is second_hand
    assert not is_second_hand(head())


@pytest.mark.parametrize(
    ("server", "body", "said"),
    [
        ("pyproxy", {"title": "upstream b refused."}, " (it says: upstream b refused)"),
        ("pyproxy", {"title": "a\r\nb\u2028c \x1b[31m"}, " (it says: a b c [31m)"),
        ("pyproxy", {"title": "x" * 999}, f" (it says: {'x' * TITLE_LIMIT})"),
        ("pyproxy", {"title": ""}, ""),
        ("pyproxy", {"title": 7}, ""),
        ("pyproxy", ["title"], ""),
        ("nginx", {"title": "no"}, ""),
    ],
)
def test_only_a_pyproxys_problem_report_is_repeated_and_in_one_line(server: str, body: object, said: str) -> None:
    """(check 71)"""
    assert explained(head(server=server, content_type=PROBLEM), json.dumps(body).encode()) == said
    assert explained(head(server=server, content_type="text/html"), json.dumps(body).encode()) == ""


def test_a_body_that_was_cut_short_says_nothing() -> None:
    assert explained(head(server="pyproxy", content_type=PROBLEM), b'{"title": "half') == ""
