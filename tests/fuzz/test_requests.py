"""What clients send in addresses, headers and bodies, generated from their grammars and beside them."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from pyproxy.errors import InvalidProjectName
from pyproxy.net.sharing.progress import decode
from pyproxy.repositories.ranges import Unsatisfiable, WantedRange, parse_range
from pyproxy.simple.names import normalize
from tests.fuzz.profile import examples
from tests.fuzz.requests import (
    check_accept,
    check_address,
    check_api_body,
    check_forwarded,
    check_message,
    check_name,
)
from tests.fuzz.values import ODD_TEXTS, objects, written

HUGE = 10**18

NUMBERS = st.integers(0, 300) | st.integers(0, 10**25) | st.sampled_from([2**31, 2**32, 2**63, HUGE - 1, HUGE])


@examples(150)
@given(NUMBERS, NUMBERS, st.integers(0, 300) | st.integers(0, 2**63))
def test_a_range_is_answered_as_the_rfc_wants_it(first: int, last: int, size: int) -> None:
    """RFC 9110 section 14.1.2, by a list of positions where the file is small."""
    wanted = parse_range(f"bytes={first}-{last}")
    if first > last or max(first, last) >= HUGE:
        assert wanted is None
        return
    assert wanted is not None
    if first >= size:
        with pytest.raises(Unsatisfiable):
            wanted.resolve(size)
        return
    start, stop = wanted.resolve(size)
    if size <= 300:
        assert list(range(size))[start:stop] == [position for position in range(size) if first <= position <= last]
    assert 0 <= start < stop <= size


@examples(150)
@given(NUMBERS, st.integers(0, 300))
def test_the_end_of_a_file_is_at_most_the_file(suffix: int, size: int) -> None:
    wanted = parse_range(f"bytes=-{suffix}")
    if suffix >= HUGE:
        assert wanted is None
    elif suffix == 0 or size == 0:
        with pytest.raises(Unsatisfiable):
            WantedRange(suffix=suffix).resolve(size)
    else:
        assert wanted == WantedRange(suffix=suffix)
        assert wanted.resolve(size) == (max(0, size - suffix), size)


_TOKENS = st.sampled_from(
    [
        *("application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.v1+html", "text/html", "*/*", "text/*"),
        *("application/*", "application/vnd.pypi.simple.latest+json", "application/vnd.pypi.simple.latest+html", "*"),
        *(
            "gzip",
            "x-gzip",
            "identity",
            "GZIP",
            "application/json",
            "Text/HTML",
            "",
            "application/vnd.pypi.simple.v2+json",
        ),
    ]
)
_QUALITIES = st.sampled_from(
    [
        *(
            "",
            ";q=1",
            ";q=0",
            ";q=0.5",
            "; Q = 0.5",
            ";q=0.001",
            ";q=1.001",
            ";q=-1",
            ";q=nan",
            ";q=inf",
            ";q=",
            ";q",
            ";q=x",
        ),
        *(";charset=utf-8;q=0.3", ";q=0.5;q=1", ";q=1e-400", ";q=0x1", ";;", ";q=\xb2", "; q=0.2 ", ";level=1"),
    ]
)
_HEADERS = st.lists(st.tuples(_TOKENS, _QUALITIES).map("".join), max_size=5).map(", ".join)


@examples(200)
@given(_HEADERS)
def test_the_format_is_one_that_the_client_allows_most(header: str) -> None:
    check_accept(header.encode("latin-1"))


_NAMES = st.text(st.sampled_from("aZ09-_.ſKé\0/\\%+!~ \ud800"), max_size=12) | ODD_TEXTS


@examples(200)
@given(
    _NAMES
    | st.tuples(_NAMES, st.sampled_from([".whl", ".tar.gz", ".exe", "-variants.json", ".whl.metadata"])).map("".join)
)
@example("v" * 201 + "-1.tar")
def test_a_name_is_refused_or_leads_to_where_it_is_found_again(name: str) -> None:
    check_name(name.encode("utf-8", "surrogatepass"))


@examples(200)
@given(st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True))
def test_every_name_that_packaging_knows_is_normalised_as_there(name: str) -> None:
    assert normalize(name) == canonicalize_name(name, validate=True)


@examples(200)
@given(st.text(max_size=8))
def test_what_packaging_refuses_is_refused(name: str) -> None:
    try:
        canonicalize_name(name, validate=True)
    except ValueError:
        with pytest.raises(InvalidProjectName):
            normalize(name)


_SEGMENTS = st.sampled_from(
    [
        *(
            "simple",
            "+simple",
            "packages",
            "+f",
            "index",
            "pypi",
            "json",
            "files",
            "admin",
            "api",
            "v1",
            "healthz",
            "",
            ".",
        ),
        *(
            "..",
            "%2e%2e",
            "%2F",
            "quick_fox",
            "Quick.Fox",
            "x-1.0.zip",
            "x-1.0.whl.metadata",
            "1.0",
            "%ff",
            "%00",
            "-",
            "a%0ab",
        ),
    ]
)


@examples(200)
@given(st.lists(_SEGMENTS, min_size=1, max_size=6).map("/".join))
def test_a_wrong_address_leads_below_the_root_or_nowhere(path: str) -> None:
    check_address(path.encode())


_HOPS = st.sampled_from(
    [
        *(
            "10.0.0.1",
            "203.0.113.9",
            "::1",
            "fd00::2",
            "2001:db8::7",
            "fe80::1%eth0",
            "::ffff:10.0.0.3",
            "unknown",
            "_x",
            "",
            " ",
        ),
        *("10.0.0.1:80", "[::1]", "[::1]:80", "010.0.0.1", "0x0a.1", "10.1", "256.1.1.1", "\xb2", "1.1.1.1/8"),
    ]
)
_HOSTS = st.sampled_from(
    [
        *(
            "a",
            "a:80",
            "a:99999",
            "a:",
            "[::1]",
            "[::1]:443",
            "[192.0.2.1]",
            "[v1.x]",
            "[::1",
            "a/b",
            "a@b",
            "a b",
            "a?",
            "a#",
            "..",
            "-",
            "",
        ),
        *("a,b", "é", "a\t", "a%2f", "[::ffff:1.2.3.4]", "a:00080", "'\"><b>"),
    ]
)
_FORWARDED = st.tuples(
    _HOPS,
    st.lists(_HOPS, max_size=5).map(", ".join),
    st.sampled_from(["https", "HTTP", "ftp", "https, http", "javascript", "", " https"]),
    _HOSTS,
    st.sampled_from(["", "/", "/a", "/a/b/", "//a", "/a//b", "/..", "a", "/a?b", "/a,/b", "/\xe9", "/<b>"]),
).map("\n".join)


@examples(200)
@given(_FORWARDED)
def test_what_proxies_say_names_a_client_and_a_plain_address(said: str) -> None:
    check_forwarded(said.encode("latin-1"))


_BODIES = objects(name=st.just("x"), url=st.just("https://index.example.org/"), priority=st.integers(0, 9))


@examples(200)
@given(_BODIES.map(lambda value: written(value).encode("utf-8", "surrogatepass")))
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
@example(b'{"name": "\xff"}')
def test_a_body_is_an_object_or_refused(body: bytes) -> None:
    check_api_body(body)


_FAILURES = objects(
    kind=st.sampled_from(
        ["UpstreamTimeout", "OSError", "PyproxyError", "annotations", "Sequence", "__builtins__", "Literal"]
    ),
    sentence=st.text(max_size=5),
    fields=st.dictionaries(
        st.sampled_from(["upstream", "args", "__class__", "status"]), st.none() | st.integers(0, 9), max_size=2
    ),
)
_MESSAGES = objects(
    began=st.booleans(),
    size=st.none() | NUMBERS,
    upstream=st.none() | st.text(max_size=3),
    released=st.integers(0, 2**40),
    sha256=st.none() | st.just("0" * 64),
    error=st.none() | _FAILURES,
    again=st.booleans(),
    apart=st.booleans(),
)


@examples(150)
@given(_MESSAGES.map(lambda value: written(value).encode("utf-8", "surrogatepass")))
@example(b"[" * 60_000)
def test_a_message_is_progress_or_nothing(message: bytes) -> None:
    check_message(message)


@pytest.mark.parametrize(
    "wrong",
    [
        {"released": None},
        {"released": -1},
        {"size": "9"},
        {"began": 1},
        {"error": {"kind": "OSError"}},
        {"error": []},
        {"x": 1},
    ],
    ids=json.dumps,
)
def test_a_message_with_a_field_of_another_kind_is_nothing(wrong: dict[str, object]) -> None:
    right = dict.fromkeys(("began", "again", "apart"), False) | dict.fromkeys(("size", "upstream", "sha256", "error"))
    assert decode(json.dumps({**right, "released": 0}).encode()).released == 0
    with pytest.raises(ValueError, match="no progress"):
        decode(json.dumps({**right, "released": 0, **wrong}).encode())
