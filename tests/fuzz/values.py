"""JSON as no honest program writes it: wrong types, huge numbers, half characters, names given twice, deep nesting."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st


class Raw(str):
    """JSON text that is written as it is."""

    __slots__ = ()


class Pairs(tuple[tuple[str, Any], ...]):
    """An object whose names may be there twice."""

    __slots__ = ()


def written(value: Any) -> str:
    """The value as JSON text."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{json.dumps(name)}:{written(each)}" for name, each in value) + "}"
    if isinstance(value, dict):
        return written(Pairs(value.items()))
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


ODD_TEXTS = st.sampled_from(
    [
        *(
            "",
            " ",
            "\0",
            "\x7f",
            "\ud800",
            "\udfff\ud800",
            "\u202e",
            "\ufeff",
            "x" * 300,
            "\r\n",
            "\t",
            "'",
            '"',
            "<b>",
            "&amp;",
        ),
        *(
            "..",
            ".",
            "/",
            "\\",
            "../../x-1.zip",
            "%2e%2e",
            "%2f",
            "%00",
            "%ff",
            "a%",
            "é" * 128,
            "-->",
            "\x85",
            "]]>",
            "ſ",
            "K",
        ),
        *("javascript:x", "file:///etc/passwd", "//evil.example.org/x-1.zip", "https://", "https:///x", "data:,x"),
        *(
            "https://[::1/x-1.zip",
            "https://u:p@e.example.org/x-1.zip",
            "http://e.example.org:99999/x",
            "HTTPS://E/x-1.zip",
        ),
    ]
)

ODD = ODD_TEXTS | st.sampled_from(
    [
        *(
            None,
            True,
            False,
            0,
            -1,
            1,
            1.5,
            2**31,
            2**63 - 1,
            2**63,
            2**64,
            -(2**63) - 1,
            [],
            {},
            [None],
            [[]],
            {"": None},
        ),
        *(
            Raw("1e999"),
            Raw("-0.0"),
            Raw("NaN"),
            Raw("-Infinity"),
            Raw("9" * 4400),
            Raw("0." + "9" * 5000),
            Raw("1e-9999"),
        ),
        *(Raw("[" * 40 + "]" * 40), Raw("[" * 3000 + "]" * 3000), Raw('{"a":' * 3000 + "1" + "}" * 3000), Raw("")),
        *(Pairs([("a", 1), ("a", 2)]), {"sha256": "x"}, {"https://index.example.org/": "https://index.example.org/"}),
    ]
)


def mostly(right: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The right one, but for one time in ten."""
    return st.integers(0, 9).flatmap(lambda dice: right if dice else ODD)


def objects(spelt_with: str = "-", /, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Pairs]:
    """Objects with some of these fields, some of them wrong or there twice; and some others.

    ``spelt_with`` stands for the underscores in their names.
    """
    named = [st.tuples(st.just(name.replace("_", spelt_with)), mostly(field)) for name, field in fields.items()]
    odd = st.tuples(st.sampled_from(["_private", "new-key", "", "files", "meta", "\ud800"]), ODD)
    return st.builds(
        lambda given, twice, more, left_out: Pairs(
            pair for number, pair in enumerate([*given, *twice, *more]) if number not in left_out
        ),
        st.tuples(*named),
        st.lists(st.one_of(*named), max_size=1),
        st.lists(odd, max_size=1),
        st.frozensets(st.integers(0, 20), max_size=3),
    )
