"""Compression of pages, by ISA-L and by zlib."""

from __future__ import annotations

import gzip
import pickle
import zlib

import pytest

from pyproxy.simple import packing

PAGE = b'{"files":[' + b",".join(b'{"filename":"foo-%d.zip","size":%d}' % (n, n * n) for n in range(5000)) + b"]}"


@pytest.fixture(params=[True, False], ids=["isal", "zlib"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param and not packing.HAS_ISAL:
        pytest.skip("there is no ISA-L on this machine")
    monkeypatch.setattr(packing, "HAS_ISAL", request.param)


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("data", [b"", b"x", PAGE, PAGE * 12], ids=["empty", "a byte", "page", "big page"])
def test_what_either_library_packs_the_standard_library_unpacks_and_the_reverse(data: bytes) -> None:
    assert zlib.decompress(packing.pack(data)) == data
    assert gzip.decompress(packing.to_gzip(data)) == data
    assert packing.unpack(zlib.compress(data, 9)) == data
    assert packing.from_gzip(gzip.compress(data, 9)) == data


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("garbage", [b"", b"garbage", packing.pack(PAGE)[:-9], packing.to_gzip(PAGE)[:-9]])
def test_what_was_not_packed_is_an_error_that_can_be_handed_on(garbage: bytes) -> None:
    for unpack in (packing.unpack, packing.from_gzip):
        with pytest.raises(zlib.error) as raised:
            unpack(garbage)
        assert type(pickle.loads(pickle.dumps(raised.value))) is zlib.error  # as a process does


@pytest.mark.usefixtures("library")
def test_equal_pages_have_equal_bytes_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    first = packing.to_gzip(PAGE)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert packing.to_gzip(PAGE) == first


@pytest.mark.usefixtures("library")
def test_a_page_is_packed_to_less_than_a_fifth() -> None:
    assert len(packing.pack(PAGE)) < len(PAGE) / 5
    assert len(packing.to_gzip(PAGE)) < len(PAGE) / 5
