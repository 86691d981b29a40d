"""Bodies that were encoded against our wish, and bodies that only claim to be."""

from __future__ import annotations

import gzip
import zlib

import pytest

from pyproxy.errors import BrokenOff, UpstreamInvalidResponse
from pyproxy.net.decoding import PIECE_BYTES, FileDecoding, Inflating
from pyproxy.net.response import ResponseHead
from tests.distributions import make_sdist, make_wheel

SDIST_NAME, SDIST = make_sdist("demo", "1.0")
WHEEL_NAME, WHEEL, _ = make_wheel("demo", "1.0", size=50_000)


def decoded(
    body: bytes,
    filename: str,
    *,
    coding: str = "gzip",
    listed: int | None = None,
    length: int | None = None,
    by: int = 7,
) -> bytes:
    """What becomes of a body that comes in pieces of ``by`` bytes."""
    head = ResponseHead(200, {"content-encoding": coding}, "http://files.example.org/f", True, length)
    decoding = FileDecoding(head, filename, listed, "a")
    out = b""
    for start in range(0, len(body), by):
        out += b"".join(decoding.feed(body[start : start + by]))
    return out + b"".join(decoding.finish())


@pytest.mark.parametrize("by", [1, 2, 7, 100_000])
@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP"])
def test_a_wheel_that_was_compressed_on_the_way_is_decoded(coding: str, by: int) -> None:
    assert decoded(gzip.compress(WHEEL), WHEEL_NAME, coding=coding, by=by) == WHEEL


@pytest.mark.parametrize("body", [zlib.compress(WHEEL), zlib.compress(WHEEL)[2:-4]], ids=["zlib", "bare"])
def test_deflate_is_decoded_in_both_its_readings(body: bytes) -> None:
    assert decoded(body, WHEEL_NAME, coding="deflate") == WHEEL


@pytest.mark.parametrize("by", [1, 7, 100_000])
@pytest.mark.parametrize("length", [None, len(SDIST)], ids=["without a length", "with a length"])
@pytest.mark.parametrize("listed", [None, len(SDIST)], ids=["size not listed", "size listed"])
def test_an_sdist_that_is_only_labelled_gzip_stays_as_it_is(listed: int | None, length: int | None, by: int) -> None:
    assert decoded(SDIST, SDIST_NAME, listed=listed, length=length, by=by) == SDIST


@pytest.mark.parametrize("by", [1, 7, 100_000])
def test_an_sdist_that_was_compressed_once_more_is_decoded_once(by: int) -> None:
    body = gzip.compress(SDIST)
    assert decoded(body, SDIST_NAME, by=by) == SDIST
    assert decoded(body, SDIST_NAME, listed=len(SDIST), length=len(body), by=by) == SDIST


def test_a_body_that_does_not_begin_like_its_coding_was_never_encoded() -> None:
    assert decoded(WHEEL, WHEEL_NAME) == WHEEL


def test_an_unknown_coding_is_harmless_where_the_body_begins_like_the_file() -> None:
    assert decoded(WHEEL, WHEEL_NAME, coding="aws-chunked") == WHEEL
    assert decoded(WHEEL, WHEEL_NAME, coding="br", listed=len(WHEEL), length=len(WHEEL)) == WHEEL


def test_a_coding_that_cannot_be_undone_is_an_error_that_names_it() -> None:
    with pytest.raises(UpstreamInvalidResponse, match="'zstd'"):
        decoded(b"\x28\xb5\x2f\xfd rest of it", WHEEL_NAME, coding="zstd")


def test_an_encoded_body_that_is_cut_short_is_broken_off() -> None:
    with pytest.raises(BrokenOff):
        decoded(gzip.compress(WHEEL)[:-20], WHEEL_NAME)


def test_damage_inside_an_encoded_body_is_an_error() -> None:
    body = bytearray(gzip.compress(WHEEL))
    body[len(body) // 2] ^= 0xFF
    with pytest.raises(UpstreamInvalidResponse):
        decoded(bytes(body), WHEEL_NAME)


def test_an_empty_body_stays_empty() -> None:
    assert decoded(b"", WHEEL_NAME) == b""


def test_several_members_are_one_body_and_padding_is_passed_over() -> None:
    body = gzip.compress(b"first ") + gzip.compress(b"second") + bytes(512)
    inflating = Inflating("gzip", "a")
    out = b"".join(piece for start in range(0, len(body), 5) for piece in inflating.feed(body[start : start + 5]))
    assert out + b"".join(inflating.finish()) == b"first second"


def test_no_decoded_piece_is_larger_than_its_bound() -> None:
    inflating = Inflating("gzip", "a")
    pieces = list(inflating.feed(gzip.compress(bytes(40 * PIECE_BYTES + 3))))
    assert sum(map(len, pieces)) == 40 * PIECE_BYTES + 3
    assert max(map(len, pieces)) == PIECE_BYTES
    assert list(inflating.finish()) == []
