"""What is recorded of a request of a client, in which words."""

from __future__ import annotations

import pytest

from pyproxy.admin.history.client_requests import LONGEST, OUTCOMES, is_served, outcome_of, row_of
from tests.admin.history.requests import Ended


@pytest.mark.parametrize(
    ("said", "status", "outcome"),
    [
        ("hit", 200, "hit"),
        ("hit", 304, "hit"),
        ("collapsed", 200, "collapsed"),
        ("miss", 206, "miss"),
        ("stale", 200, "stale"),
        ("broken", 200, "broken"),
        ("broken", 502, "broken"),
        ("failed", 502, "failed"),
        ("-", 504, "failed"),
        ("-", 500, "failed"),
        ("-", 404, "missing"),
        ("-", 405, "refused"),
        ("hit", 416, "refused"),
        ("-", 301, "redirected"),
        ("-", 302, "redirected"),
        ("-", 200, "answered"),
    ],
)
def test_each_end_has_its_word(said: str, status: int, outcome: str) -> None:
    assert outcome_of(said, status) == outcome
    assert outcome in OUTCOMES


@pytest.mark.parametrize(
    ("outcome", "status", "served"),
    [
        ("hit", 200, True),
        ("hit", 304, True),
        ("miss", 200, True),
        ("miss", 206, False),
        ("missing", 404, False),
        ("failed", 502, False),
        ("broken", 200, False),
        ("redirected", 301, False),
    ],
)
def test_served_is_who_got_the_whole_of_it_or_has_it(outcome: str, status: int, served: bool) -> None:
    assert is_served(outcome, status) is served


def test_the_agent_is_its_first_word() -> None:
    assert row_of(Ended(agent='uv/0.5.1 {"python": "3.12"}'), "hit", 1.0).agent == "uv/0.5.1"
    assert row_of(Ended(agent=""), "hit", 1.0).agent == ""


def test_a_path_is_recorded_only_where_no_project_says_the_same() -> None:
    assert row_of(Ended(), "hit", 1.0).address == ""
    assert row_of(Ended(project="", path="/pypi/simple"), "missing", 1.0).address == "/pypi/simple"


def test_what_a_client_may_choose_is_bounded_and_printable() -> None:
    hostile = "\x1b[31m\n\u202e\ud800" + "x" * 10_000
    row = row_of(Ended(project="", agent=hostile, path=hostile, method=hostile, client=hostile), "hit", 1.0)
    for column in ("agent", "address", "method", "client"):
        text = getattr(row, column)
        assert text.isprintable(), column
        assert 0 < len(text) <= LONGEST[column], column
        text.encode()  # a database takes no half of a surrogate pair


def test_no_upstream_is_an_empty_word() -> None:
    assert row_of(Ended(upstream="-"), "hit", 1.0).upstream == ""
