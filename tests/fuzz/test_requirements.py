"""Requirements files and lock files, right and almost right."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzz.files_of_people import LOCK_NAMES, check_lock, check_requirements
from tests.fuzz.profile import examples
from tests.fuzz.seeds import LOCKS

_WORDS = st.sampled_from(
    [
        *(
            "demo",
            "demo==1.0",
            "demo[a,b]>=1,<2",
            "demo ; python_version >= '3'",
            "demo===odd",
            "demo==1." + "9" * 5000,
            "demo==1.*",
        ),
        *(
            "demo @ https://e.example.org/x",
            "-r",
            "-r other.txt",
            "-rx",
            "-c x",
            "--hash",
            "--hash=sha256:" + "0" * 64,
            "--hash=md5:x",
        ),
        *(
            "--pre",
            "--no-binary",
            "--no-binary=:all:",
            "--only-binary=a,,b",
            "-e .",
            "-e",
            "--index-url=${ODD}",
            "--what",
            "-",
            "--",
        ),
        *(
            "#",
            " # x",
            "\\",
            "'",
            '"',
            "\x00",
            "\u2028",
            "\ufeff",
            "${PORT}",
            "${UNSET}",
            "./x.whl",
            "C:\\x.whl",
            "git+https://e",
            "[",
            ";",
        ),
        *(
            "demo;extra=='x'",
            "demo; os_name",
            "demo; " + "(" * 300 + "os_name=='x'" + ")" * 300,
            "demo; '1' in '2'",
            "=>",
            "demo=1",
            "~x",
        ),
        *(
            "demo; python_version == '" + "9" * 5000 + "'",
            "demo>=" + "1!" * 9,
            "é",
            "K==1",
            "demo; python_full_version<'3.x'",
            "a" * 300,
        ),
    ]
)
_ENDS = st.sampled_from(["\n", "\r\n", " \\\n", " ", "\r", "", "\f"])


@examples(200)
@given(st.lists(st.tuples(_WORDS, _ENDS).map("".join), max_size=6).map("".join))
@example("demo; " + "(" * 5000)
@example("demo; " + "os_name=='x' and " * 3000 + "os_name=='y'")
def test_requirements_are_read_or_refused_with_their_line(text: str) -> None:
    check_requirements(text.encode("utf-8", "surrogatepass"))


ODD_TOML = st.sampled_from(
    [
        *(
            '""',
            "''",
            "0",
            "-1",
            "1.0",
            "inf",
            "nan",
            "true",
            "[]",
            "[[]]",
            "{}",
            "[1, 'a']",
            "[{}]",
            "{a = {}}",
            "9" * 5000,
            "1979-05-27",
        ),
        *(
            "'\\'",
            '"\\u0000"',
            '"\\ud800"',
            '"../../x"',
            '"a/b.whl"',
            "'sha256:x'",
            "'>='",
            "'os_name =='",
            "'" + "(" * 2000 + "'",
            "['x']",
        ),
        *(
            "'1." + "9" * 5000 + "'",
            "'https://[::1'",
            "'%00'",
            "{registry = 'x'}",
            "{git = 'x'}",
            "{virtual = '.'}",
            "{hash = 1}",
            "x",
        ),
    ]
)


@st.composite
def almost_right_locks(draw: st.DrawFn) -> tuple[int, str]:
    """A lock file with up to four values exchanged, or lines left out, or there twice."""
    number = draw(st.integers(0, len(LOCK_NAMES) - 1))
    lines = (LOCKS / LOCK_NAMES[number]).read_text().splitlines()
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        kind = draw(st.integers(0, 3))
        key, equals, _value = lines[at].partition(" = ")
        if kind == 0 and equals:
            lines[at] = f"{key} = {draw(ODD_TOML)}"
        elif kind == 1:
            del lines[at]
        elif kind == 2:
            lines.insert(at, lines[draw(st.integers(0, len(lines) - 1))])
        else:
            lines[at] = lines[at].replace(
                "'" if "'" in lines[at] else '"', draw(st.sampled_from(["", "''", "\\", "{", "]"])), 1
            )
    return number, "\n".join(lines)


@examples(150)
@given(almost_right_locks())
def test_a_lock_is_read_or_refused(lock: tuple[int, str]) -> None:
    number, text = lock
    check_lock(bytes([number]) + text.encode("utf-8", "surrogatepass"))


def _uv(**fields: Any) -> bytes:
    package = {"name": "demo", "version": "1.0", "source": {"virtual": "."}, **fields}
    inside = "\n".join(f"{key} = {_toml(value)}" for key, value in package.items())
    return b"\x00" + f"version = 1\nrequires-python = '>=3.8'\n[[package]]\n{inside}\n".encode()


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


@pytest.mark.parametrize(
    "fields",
    [
        {"dependencies": [{"name": "demo"}]},
        {"dependencies": [{"name": "demo", "extra": [1, []]}], "optional-dependencies": {"1": [{"name": "demo"}]}},
        {"optional-dependencies": {"a": 1}},
        {"dev-dependencies": []},
        {"source": {"registry": 1}, "wheels": [{"url": 1}]},
        {"source": {"registry": "x"}, "sdist": {"url": "https://[", "hash": "sha256:" + "0" * 64, "size": 2**80}},
        {"source": {}},
        {"version": "9" * 5000},
        {"resolution-markers": [1]},
        {"dependencies": [{"name": "demo", "marker": "(" * 5000}]},
    ],
    ids=lambda fields: json.dumps(fields)[:60],
)
def test_a_graph_that_makes_no_sense_is_read_or_refused(fields: dict[str, Any]) -> None:
    """Circles included."""
    check_lock(_uv(**fields))
