"""Zip archives that lie: any of the numbers of their directory may be another one."""

from __future__ import annotations

import io
import struct
import zipfile

from hypothesis import strategies as st

MEMBER = "quick_fox-1.0.dist-info/METADATA"
METADATA = b"Metadata-Version: 2.1\nName: quick-fox\nVersion: 1.0\n" * 4

_DIRECTORY, _END = b"PK\x01\x02", b"PK\x05\x06"

_FIELDS = (
    *((_DIRECTORY, offset, size) for offset, size in ((6, 2), (8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2))),
    *((_DIRECTORY, offset, size) for offset, size in ((30, 2), (32, 2), (34, 2), (42, 4))),
    *((_END, offset, size) for offset, size in ((4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2))),
    *((b"PK\x03\x04", offset, size) for offset, size in ((6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2))),
    *((b"PK\x06\x06", offset, 8) for offset in (4, 24, 32, 40, 48)),
    *((b"PK\x06\x07", offset, size) for offset, size in ((4, 4), (8, 8), (16, 4))),
)
"""The numbers of a record, by its signature: where they stand in it, and on how many bytes."""

_NUMBERS = st.sampled_from(
    [0, 1, 2, 8, 9, 12, 14, 22, 46, 93, 255, 2**15, 2**16 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1]
)

_LIES = st.lists(st.tuples(st.sampled_from(_FIELDS), st.booleans(), _NUMBERS | st.integers(0, 2000)), max_size=5)


@st.composite
def lying_zips(draw: st.DrawFn) -> bytes:
    """A wheel with some members, some of whose numbers were changed."""
    buffer = io.BytesIO()
    compression = draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]))
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for number in range(draw(st.integers(0, 3))):
            archive.writestr(f"quick_fox/{number}.py", b"#" * draw(st.integers(0, 300)))
        with archive.open(MEMBER, "w", force_zip64=draw(st.booleans())) as member:
            member.write(METADATA)
        archive.comment = draw(st.binary(max_size=30))
    data = bytearray(buffer.getvalue())
    if draw(st.booleans()):
        _insert_zip64_end(data)
    for (signature, offset, size), last, number in draw(_LIES):
        at = data.rfind(signature) if last else data.find(signature)
        if 0 <= at <= len(data) - offset - size:
            data[at + offset : at + offset + size] = (number % 2 ** (8 * size)).to_bytes(size, "little")
    return bytes(data)


def claiming(data: bytes, size: int) -> bytes:
    """A zip archive whose last member is said to have another size."""
    at = data.rindex(_DIRECTORY) + 24
    return data[:at] + struct.pack("<I", size) + data[at + 4 :]


def _insert_zip64_end(data: bytearray) -> None:
    """Both records of ZIP64 that stand in front of the end, saying the same as it does."""
    end = data.index(_END)  # a comment may look like another one
    count, size, start = struct.unpack("<10xHII", bytes(data[end : end + 20]))
    record = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
    data[end:end] = record + struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)


def endless_directory(members: int) -> bytes:
    """An archive of nothing but its directory."""
    record = struct.pack("<4s6H3I5H2I", _DIRECTORY, 20, 20, *[0] * 14)
    empty = bytearray(struct.pack("<4s4H2IH", _END, 0, 0, 0, 0, 0, 0, 0))
    _insert_zip64_end(empty)
    for at, number in ((24, members), (32, members), (40, members * len(record))):
        empty[at : at + 8] = number.to_bytes(8, "little")
    empty[56 + 8 : 56 + 16] = (members * len(record)).to_bytes(8, "little")
    empty[-14:-2] = b"\xff" * 12
    return record * members + bytes(empty)
