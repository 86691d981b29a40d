"""Whether a client has what an ETag names."""

from __future__ import annotations

import pytest

from pyproxy.handlers.rendered_head import IF_NONE_MATCH_LENGTH, is_known


@pytest.mark.parametrize(
    ("if_none_match", "known"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ("*", True),
        ('"b"', False),
        ("a", False),
        ("", False),
        ('"b",' * (IF_NONE_MATCH_LENGTH // 4 - 1) + '"a"', True),
    ],
)
def test_a_client_has_what_one_of_its_etags_names(if_none_match: str, known: bool) -> None:
    assert is_known('"a"', if_none_match) is known


def test_a_list_longer_than_any_client_sends_is_not_read() -> None:
    assert not is_known('"a"', '"a"' + '"' * IF_NONE_MATCH_LENGTH)
