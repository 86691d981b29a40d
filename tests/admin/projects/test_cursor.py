"""Places in a list as texts in addresses: what comes back is what went out, and anything else is no place."""

from __future__ import annotations

import pytest

from pyproxy.admin.projects.cursor import Cursor
from pyproxy.storage.projects import Place


@pytest.mark.parametrize(
    "cursor",
    [
        Cursor("name", Place(0, "my-tool-2"), 50),
        Cursor("size", Place(12_345_678_901, "x"), 100, backwards=True),
        Cursor("used", Place(1_700_000_000.123456, "x"), 0),
        Cursor("checked", Place(1e22, "x"), 1),
    ],
)
def test_a_cursor_is_read_back_as_it_was(cursor: Cursor) -> None:
    assert Cursor.read(str(cursor), cursor.sort) == cursor


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "after", "after~name~0~0~", "after~name~0~0~X", "later~name~0~0~x", "after~name~-1~0~x"),
        *("after~name~0~nan~x", "after~name~0~inf~x", "after~name~0~1e999~x", "after~name~0~--~x"),
        *("after~name~0~0~x\n", "after~name~0~0~x' OR 1=1", "after~evil~0~0~x", "after~name~٣~0~x"),
        *("after~size~0~0~x", f"after~name~0~0~{'x' * 300}", "after~name~" + "9" * 5000 + "~0~x"),
    ],
)
def test_anything_else_begins_the_list_again(text: str | None) -> None:
    """Another order's place is none in this one."""
    assert Cursor.read(text, "name") is None
