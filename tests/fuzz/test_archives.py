"""Archives that lie, and those that are small only as long as nobody unpacks them."""

from __future__ import annotations

import gzip
import io
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyproxy.simple.zip_directory import DIRECTORY_LIMIT
from pyproxy.storage.distributions import (
    PKG_INFO_WITHIN,
    DistributionUnreadable,
    read_sdist_metadata,
    read_wheel_metadata,
)
from pyproxy.storage.partial_wheel import PartialWheel
from tests.fuzz.archives import check_archive, check_sdist, check_wheel
from tests.fuzz.profile import examples
from tests.fuzz.zips import MEMBER, claiming, endless_directory, lying_zips

BOMB_BYTES = 64 << 20
ROOM_BYTES = 8 << 20
"""What reading some kilobytes may take at most."""

NUMBERS = [b"00000000000\0", b"00000001000\0", b"77777777777\0", b"\xff" * 12, b"\x80" + b"\xff" * 11, b"-0000000010\0"]
"""Sizes as a tar's header has them: in octal digits, or in binary with a sign."""

BACK = b"\xff" * 10 + b"\xfe\x00"
"""-512."""


@examples(150)
@given(lying_zips())
def test_a_wheel_that_lies_is_unreadable_or_read_within_bounds(data: bytes) -> None:
    check_wheel(data)
    check_archive(b"\x00" + data)


@examples(60)
@given(lying_zips())
def test_a_zipped_source_distribution_that_lies_is_unreadable_or_read_within_bounds(data: bytes) -> None:
    check_sdist(
        data.replace(MEMBER.encode(), b"quick_fox-1.0/xxxxxxxx/PKG-INFO"[: len(MEMBER)].ljust(len(MEMBER), b"_"))
    )


HEADERS = st.builds(
    lambda name, kind, size: header(name, size, kind),
    st.sampled_from(["quick_fox-1.0/PKG-INFO", "quick_fox-1.0/setup.py", "PKG-INFO", "a" * 100, "", "../PKG-INFO"]),
    st.sampled_from([b"0", b"\0", b"1", b"2", b"5", b"L", b"K", b"S", b"x", b"g", b"X", b"7", b"\xff"]),
    st.sampled_from(NUMBERS) | st.binary(min_size=12, max_size=12),
)

PIECES = st.lists(
    HEADERS | st.sampled_from([bytes(512), b"20 path=a/PKG-INFO\n".ljust(512, b"\0"), b"9" * 512]), max_size=6
)


@examples(120)
@given(PIECES, st.sampled_from([bytes, gzip.compress]), st.integers(0, 5000))
def test_a_tar_that_lies_is_unreadable_or_read_within_bounds(pieces: list[bytes], packed: type, cut: int) -> None:
    data = packed(b"".join(pieces))
    check_sdist(data[:cut] if cut % 2 else data)
    check_archive(b"\x01" + data)


def header(name: str, size: bytes, kind: bytes = b"0") -> bytes:
    """A member's header with a right checksum, whatever its size says."""
    block = bytearray(tarfile.TarInfo(name).tobuf(tarfile.GNU_FORMAT)[:512])
    block[124:136], block[156:157] = size, kind
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def test_a_tar_that_leads_back_to_itself_is_unreadable(tmp_path: Path) -> None:
    """Read with `tarfile`, it has no end."""
    path = tmp_path / "quick_fox-1.0.tar.gz"
    path.write_bytes(gzip.compress(header("first", b"00000000000\0") + header("second", BACK) + bytes(1024)))
    with pytest.raises(DistributionUnreadable, match="below zero"):
        read_sdist_metadata(path)


@pytest.mark.parametrize("kind", [b"L", b"x", b"g", b"0"], ids=["long name", "extended", "global", "a file"])
def test_what_stands_before_pkg_info_is_never_in_memory(kind: bytes, tmp_path: Path) -> None:
    """Names and attributes of any length: `tarfile` takes them whole."""
    path = tmp_path / "quick_fox-1.0.tar.gz"
    front = header("first", b"%011o\0" % BOMB_BYTES, kind)
    with gzip.open(path, "wb", 1) as written:
        written.write(front)
        for _ in range(BOMB_BYTES >> 20):
            written.write(b"9" * (1 << 20))
        written.write(header("quick_fox-1.0/PKG-INFO", b"00000000004\0") + b"Name".ljust(512, b"\0"))
    tracemalloc.start()
    try:
        with pytest.raises(DistributionUnreadable, match="no PKG-INFO"):
            read_sdist_metadata(path)  # it lies behind what is searched
        assert BOMB_BYTES + len(front) > PKG_INFO_WITHIN
        assert tracemalloc.get_traced_memory()[1] < ROOM_BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["deflated", "bzip2", "lzma"])
def test_metadata_that_is_larger_than_it_says_is_not_unpacked(kind: str) -> None:
    compression = {"deflated": zipfile.ZIP_DEFLATED, "bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}[kind]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive, archive.open(MEMBER, "w") as member:
        for _ in range(BOMB_BYTES >> 22):  # slow to pack; a quarter is enough
            member.write(bytes(1 << 20))
    data = claiming(buffer.getvalue(), 1000)
    wheel = PartialWheel(len(data))
    wheel.add(0, data)
    tracemalloc.start()
    try:
        with pytest.raises(DistributionUnreadable):
            wheel.metadata()
        with pytest.raises(DistributionUnreadable):
            read_wheel_metadata(io.BytesIO(data))
        assert tracemalloc.get_traced_memory()[1] < ROOM_BYTES
    finally:
        tracemalloc.stop()


def test_a_directory_without_an_end_is_not_read() -> None:
    """It would take ten times as much memory as it is long."""
    data = endless_directory(DIRECTORY_LIMIT // 46 + 1)
    tracemalloc.start()
    try:
        with pytest.raises(DistributionUnreadable, match="its directory is larger than 16 MiB, a fixed limit"):
            read_wheel_metadata(io.BytesIO(data))
        check_archive(b"\x00PK\x03\x04" + data)
        assert tracemalloc.get_traced_memory()[1] < 2 * len(data) + ROOM_BYTES  # the test's own copies
    finally:
        tracemalloc.stop()


def test_a_directory_of_some_thousand_members_is_read() -> None:
    with pytest.raises(DistributionUnreadable, match="no METADATA"):
        read_wheel_metadata(io.BytesIO(endless_directory(5000)))


def test_a_plain_pkg_info_is_found_in_every_format(tmp_path: Path) -> None:
    for format in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        for mode in ("w", "w:gz", "w:bz2", "w:xz"):
            path = tmp_path / "sdist"
            with tarfile.open(path, mode, format=format) as archive:  # type: ignore[call-overload]
                for name in ("füchse-1.0", "füchse-1.0/setup.py", "füchse-1.0/PKG-INFO"):
                    member = tarfile.TarInfo(name)
                    member.type = tarfile.REGTYPE if "/" in name else tarfile.DIRTYPE
                    member.size, member.mtime = 700 * member.isfile(), 1.5  # type: ignore[assignment]
                    archive.addfile(member, io.BytesIO(name[-8:].encode() * 100))
            assert read_sdist_metadata(path).startswith(b"PKG-INFO"), (format, mode)
