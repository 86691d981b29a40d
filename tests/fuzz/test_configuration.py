"""Configurations, right and almost right."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from pyproxy.config.keys import KEYS
from pyproxy.settings.fields import FIELDS
from tests.fuzz.files_of_people import check_configuration
from tests.fuzz.profile import examples

_SCALARS = st.sampled_from(
    [
        *(
            "8080",
            "-1",
            "1e3",
            "0x1F",
            "0b",
            "0o8",
            "1_000",
            "_",
            "1:30",
            ".inf",
            ".nan",
            "~",
            "null",
            "yes",
            "No",
            "''",
            '""',
            "x",
        ),
        *(
            "5m",
            "50GB",
            "1.5TiB",
            "99999999999999999999d",
            "127.0.0.1",
            "'::1'",
            "[]",
            "{}",
            "[a, b]",
            "[[1]]",
            "{a: 1}",
            "*a",
            "&a b",
        ),
        *(
            "!!int ''",
            "!!int _",
            "!!float ''",
            "!!bool x",
            "!!null x",
            "!!binary x",
            "!!set {}",
            "!x y",
            "!!str 1",
            "!!timestamp x",
        ),
        *(
            "${PORT}",
            "${EMPTY}",
            "${ODD}",
            "${LIST}",
            "${UNSET}",
            "$${X}",
            "${",
            "'${PORT",
            "2024-01-01",
            "|\n  text",
            "> x",
            "'\\0'",
        ),
        *(
            '"\\0"',
            '"\\ud800"',
            '"\\U0010FFFF"',
            "https://index.example.org/",
            "'https://u:p@[::1]:1/'",
            "https://e.example.org:99999/",
        ),
        *(
            "9" * 5000,
            "0x" + "f" * 5000,
            "'" + "a" * 5000 + "'",
            "/etc/passwd",
            "~nobody-at-all/x",
            "../..",
            "10.0.0.0/8, ::1",
            "<<",
        ),
    ]
)
_KEYS = st.sampled_from(
    [*KEYS, *(key.upper() for key in KEYS), "upstreams", "server", "servr.port", "", "server.", "?"]
)
_FIELDS = st.sampled_from([*(field.name for field in FIELDS), "prioritty", "name", "url"])


def nested(pairs: list[tuple[str, str]], upstreams: list[list[tuple[str, str]]]) -> str:
    """The text of a file with these keys, each in its section; some of them twice."""
    sections: dict[str, list[str]] = {}
    for key, value in pairs:
        section, _, name = key.rpartition(".")
        sections.setdefault(section, []).append(f"{name}: {value}")
    lines = []
    for section, entries in sections.items():
        names = section.split(".") if section else []
        lines += [f"{'  ' * depth}{name}:" for depth, name in enumerate(names)]
        lines += ["  " * len(names) + entry.replace("\n", "\n" + "  " * len(names)) for entry in entries]
    if upstreams:
        lines.append("upstreams:")
        lines += ["- {" + ", ".join(f"{name}: {value}" for name, value in entry) + "}" for entry in upstreams]
    return "\n".join(lines) + "\n"


_FILES = st.builds(
    nested,
    st.lists(st.tuples(_KEYS, _SCALARS), max_size=5),
    st.lists(st.lists(st.tuples(_FIELDS, _SCALARS), max_size=4), max_size=2),
)


@examples(120)
@given(_FILES)
@example("server: &a {tls: *a}\n")
@example("upstreams: &a [*a]\n")
@example("[" * 1200)
@example("server: {port: !!int ''}\n")
@example("server: {port: 0x" + "f" * 5000 + "}\n")
@example("cache: {index_ttl: !!float ''}\n")
def test_a_configuration_holds_or_says_what_is_wrong(text: str) -> None:
    check_configuration(text.encode("utf-8", "surrogatepass"))


@examples(120)
@given(st.lists(st.tuples(st.sampled_from([*KEYS]), _SCALARS), max_size=5))
def test_variables_hold_or_say_what_is_wrong(pairs: list[tuple[str, str]]) -> None:
    lines = (f"{key.upper().replace('.', '__')}={value}" for key, value in pairs)
    check_configuration("\n".join(lines).encode("utf-8", "surrogatepass"))
