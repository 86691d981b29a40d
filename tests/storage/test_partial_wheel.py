"""METADATA out of the end of a wheel, whatever the archive looks like."""

from __future__ import annotations

import io
import random
import zipfile

import pytest

from pyproxy.storage.distributions import DistributionUnreadable
from pyproxy.storage.partial_wheel import PartialWheel, Span
from tests.distributions import make_wheel

METADATA = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n" + b"Classifier: of no importance\n" * 50
MEMBER = "demo-1.0.dist-info/METADATA"
NOISE = random.Random(1).randbytes(200_000)


def archive(
    *members: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED, comment: bytes = b"", in_front: bytes = b""
) -> bytes:
    buffer = io.BytesIO()
    buffer.write(in_front)
    with zipfile.ZipFile(buffer, "a", compression) as written:
        for name, data in members:
            written.writestr(name, data)
        written.comment = comment
    return buffer.getvalue()


def read(content: bytes, tail: int) -> tuple[bytes, list[Span]]:
    """The metadata, and what was asked for, beginning with the tail."""
    asked = [Span(max(0, len(content) - tail), len(content))]
    wheel = PartialWheel(len(content))
    while True:
        wheel.add(asked[-1].start, content[asked[-1].start : asked[-1].stop])
        found = wheel.metadata()
        if isinstance(found, bytes):
            return found, asked
        assert 0 <= found.start < found.stop <= len(content)
        asked.append(found)
        assert len(asked) < 6, asked


ORDINARY = archive(("demo/noise.bin", NOISE), (MEMBER, METADATA), ("demo-1.0.dist-info/RECORD", b"x"))


@pytest.mark.parametrize(
    "content",
    [
        ORDINARY,
        archive(("demo/noise.bin", NOISE), (MEMBER, METADATA), compression=zipfile.ZIP_STORED),
        archive(("demo/noise.bin", NOISE), (MEMBER, METADATA), in_front=b"#!/bin/sh\n" * 100),
        make_wheel("demo", "1.0", size=100_000)[1],
    ],
    ids=["deflated", "stored", "bytes in front", "a test's wheel"],
)
def test_the_end_of_an_ordinary_wheel_is_enough(content: bytes) -> None:
    metadata, asked = read(content, 16 * 1024)
    assert metadata.startswith(b"Metadata-Version")
    assert len(asked) == 1


def test_metadata_at_the_beginning_takes_one_more_request() -> None:
    content = archive((MEMBER, METADATA), ("demo/noise.bin", NOISE))
    metadata, asked = read(content, 16 * 1024)
    assert metadata == METADATA
    assert len(asked) == 2
    assert asked[1].stop - asked[1].start < 1000


def test_a_long_directory_takes_one_more_request() -> None:
    """With the metadata in front of it: that comes along."""
    many = [(f"demo/{number:05}.py", b"") for number in range(2000)]
    metadata, asked = read(archive(*many, (MEMBER, METADATA)), 16 * 1024)
    assert metadata == METADATA
    assert len(asked) == 2


@pytest.mark.parametrize("comment", [b"a comment", b"-" * 60_000], ids=["short", "long"])
def test_a_comment_behind_the_archive_takes_one_more_request(comment: bytes) -> None:
    """It may be 64 KiB long, so that much is wanted; no tool writes one into wheels."""
    metadata, asked = read(archive(("demo/noise.bin", NOISE), (MEMBER, METADATA), comment=comment), 16 * 1024)
    assert (metadata, len(asked)) == (METADATA, 2)
    assert sum(span.stop - span.start for span in asked) < 160 * 1024


def test_zip64_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `zipfile` writes it for archives with very many members; here with few of them."""
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    content = archive(("demo/noise.bin", NOISE), (MEMBER, METADATA))
    assert b"PK\x06\x06" in content
    monkeypatch.undo()
    assert read(content, 16 * 1024)[0] == METADATA


def test_a_tail_of_a_few_bytes_is_enough_to_go_on() -> None:
    assert read(ORDINARY, 30)[0] == METADATA


def test_pieces_that_overlap_and_touch_are_one() -> None:
    wheel = PartialWheel(len(ORDINARY))
    for start, stop in ((0, 100), (150_000, len(ORDINARY)), (50, 150), (100, 160_000), (1000, 2000)):
        wheel.add(start, ORDINARY[start:stop])
    assert wheel.metadata() == METADATA


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x" * 30,
        b"<html>log in, please</html>" * 100,
        NOISE,
        ORDINARY[:-40_000],
        archive(("demo/__init__.py", b"")),
        archive(("demo-1.0.dist-info/deep/METADATA", METADATA), ("METADATA", METADATA)),
    ],
    ids=["nothing", "too short", "a web page", "noise", "cut short", "no metadata", "elsewhere"],
)
def test_what_is_no_wheel_is_unreadable(content: bytes) -> None:
    with pytest.raises(DistributionUnreadable):
        read(content, 16 * 1024)


def test_a_damaged_member_is_unreadable() -> None:
    at = ORDINARY.index(MEMBER.encode()) + len(MEMBER) + 10
    with pytest.raises(DistributionUnreadable):
        read(ORDINARY[:at] + b"\x00\xff\x00\xff" + ORDINARY[at + 4 :], 16 * 1024)


def test_a_directory_that_points_beyond_the_file_is_unreadable() -> None:
    """Never a request for bytes that are not there."""
    end = bytearray(ORDINARY)
    end[-6:-2] = (2**31).to_bytes(4, "little")
    with pytest.raises(DistributionUnreadable):
        read(bytes(end), 16 * 1024)


def test_more_than_a_bounded_part_is_not_asked_for() -> None:
    """Random bytes stored as METADATA: nobody's is that long."""
    noise = random.Random(2).randbytes(9 * 1024 * 1024)
    with pytest.raises(DistributionUnreadable):
        read(archive((MEMBER, noise), ("demo/noise.bin", NOISE)), 16 * 1024)
