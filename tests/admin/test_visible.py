"""Hostile text is shown harmlessly."""

from __future__ import annotations

import pytest

from pyproxy.admin.visible import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pip/24.0", "pip/24.0"),
        ("שלום héllo 你好", "שלום héllo 你好"),
        ("a\x00b\x07c\x1b[31m", "a⟨00⟩b⟨07⟩c⟨1B⟩[31m"),
        ("one\r\ntwo\tthree", "one⟨0D⟩⟨0A⟩two⟨09⟩three"),
        ("demo-\u202egnp.whl\u2066\u200b\ufeff", "demo-⟨202E⟩gnp.whl⟨2066⟩⟨200B⟩⟨FEFF⟩"),
        ("line\u2028end", "line⟨2028⟩end"),
        ("half \ud800 a pair", "half ⟨D800⟩ a pair"),
        ("\U000e0041 tag", "⟨E0041⟩ tag"),
        ("no\u00a0break", "no\u00a0break"),
        ("", ""),
    ],
)
def test_what_could_not_be_seen_is_shown_by_its_number(text: str, shown: str) -> None:
    assert visible(text) == shown
