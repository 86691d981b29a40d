"""The size and the hashes of what came."""

from __future__ import annotations

import hashlib

import pytest

from pyproxy.errors import BrokenOff, HashMismatch
from pyproxy.net.verification import Expected, Verification

DATA = b"some bytes of a file"


def verified(expected: Expected, *pieces: bytes) -> str:
    verification = Verification(expected)
    for piece in pieces:
        verification.update(piece)
    verification.check("a")
    return verification.sha256


@pytest.mark.parametrize("algorithm", ["sha256", "md5", "sha512", "blake2b", "sha3_256"])
def test_any_hash_an_index_may_list_is_checked(algorithm: str) -> None:
    listed = hashlib.new(algorithm, DATA).hexdigest()
    expected = Expected("demo-1.0.zip", len(DATA), {algorithm: listed.upper()})
    assert verified(expected, DATA[:5], DATA[5:]) == hashlib.sha256(DATA).hexdigest()
    with pytest.raises(HashMismatch, match=algorithm):
        verified(expected, DATA[::-1])


def test_a_wrong_size_is_told_before_a_wrong_hash() -> None:
    with pytest.raises(BrokenOff, match=r"sent 19 bytes .* 20 are listed"):
        verified(Expected("demo-1.0.zip", 20, {"sha256": "0" * 64}), DATA[:-1])


def test_hashes_that_cannot_be_computed_count_as_not_listed() -> None:
    expected = Expected("demo-1.0.zip", None, {"shake_128": "00", "crc": "11"})
    assert expected.hashless
    assert verified(expected, DATA) == hashlib.sha256(DATA).hexdigest()


def test_a_difference_from_what_was_recorded_is_told_as_a_change() -> None:
    expected = Expected("demo-1.0.zip", None, {"sha256": "0" * 64}, recorded=True)
    with pytest.raises(HashMismatch, match="content changed upstream"):
        verified(expected, DATA)
