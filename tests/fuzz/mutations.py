"""Almost right bytes: good ones, of which some are left out, doubled, exchanged or replaced by what often breaks."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

_ODD = (
    *(b"\x00", b"\xff", b"\n", b"\r\n", b" ", b'"', b"'", b"<", b">", b"&", b"=", b"/", b"..", b"%00", b"%2f", b"\\"),
    *(b"null", b"true", b"NaN", b"1e999", b"-1", b"0", b"9" * 30, b"9" * 5000, b"\\ud800", b"{}", b"[]", b"[[", b"{{"),
    *(
        "\u0130\u2028\ud7ff".encode(),
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"<!--",
        b"]]>",
        b"${",
        b"&#0;",
        b"\x7f" * 9,
    ),
    *(b"\xff\xff", b"\xff" * 4, b"\xff" * 8, b"\x00" * 4, b"\x00" * 8, b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06"),
)

_EDITS = st.tuples(
    st.integers(0, 4),
    st.floats(0, 1),
    st.integers(0, 40),
    st.floats(0, 1),
    st.sampled_from(_ODD) | st.binary(max_size=8),
)


def mutated(seeds: Iterable[bytes]) -> st.SearchStrategy[bytes]:
    """One of the seeds after up to six edits."""
    return st.builds(_edited, st.sampled_from(list(seeds)), st.lists(_EDITS, max_size=6))


def _edited(data: bytes, edits: list[tuple[int, float, int, float, bytes]]) -> bytes:
    for kind, place, length, other, odd in edits:
        at, elsewhere = int(place * len(data)), int(other * len(data))
        piece = data[at : at + length]
        if kind == 0:
            data = data[:at] + data[at + length :]
        elif kind == 1:
            data = data[:at] + odd + data[at:]
        elif kind == 2:
            data = data[:at] + odd + data[at + len(odd) :]
        elif kind == 3:
            data = data[:elsewhere] + piece + data[elsewhere:]
        else:
            data = data[:at]
    return data
