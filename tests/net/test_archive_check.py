"""Whether bytes are what their filename says."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from pathlib import Path

import pytest

from pyproxy.net.archive_check import looks_like, starts_like
from tests.distributions import make_sdist, make_wheel

WHEEL_NAME, WHEEL, METADATA = make_wheel("demo", "1.0", size=20_000)
SDIST_NAME, SDIST = make_sdist("demo", "1.0")
TAR = gzip.decompress(SDIST)
PAGE = b"\xef\xbb\xbf\n <!DOCTYPE html><html><title>Sign in</title></html>"


def judged(tmp_path: Path, filename: str, data: bytes) -> bool:
    path = tmp_path / "file"
    path.write_bytes(data)
    with path.open("rb") as file:
        on_disk, in_memory = looks_like(filename, file), looks_like(filename, io.BytesIO(data))
    assert on_disk == in_memory
    return on_disk


@pytest.mark.parametrize(
    ("filename", "data"),
    [
        (WHEEL_NAME, WHEEL),
        ("demo-1.0.zip", WHEEL),
        ("demo-1.0-py2.7.egg", WHEEL),
        (SDIST_NAME, SDIST),
        ("Demo-1.0.TAR.GZ", SDIST),
        ("demo-1.0.tgz", SDIST),
        ("demo-1.0.tar.bz2", bz2.compress(TAR)),
        ("demo-1.0.tar.xz", lzma.compress(TAR)),
        ("demo-1.0.win32.exe", b"MZ\x90\x00"),
        ("demo-1.0.unheard-of", b"anything"),
        (WHEEL_NAME + ".metadata", METADATA),
    ],
)
def test_a_file_that_is_what_its_name_says_is_accepted(tmp_path: Path, filename: str, data: bytes) -> None:
    assert judged(tmp_path, filename, data)


@pytest.mark.parametrize(
    ("filename", "data"),
    [
        (WHEEL_NAME, WHEEL[: len(WHEEL) // 2]),
        (WHEEL_NAME, WHEEL[:-1]),
        (SDIST_NAME, SDIST[: len(SDIST) // 2]),
        (SDIST_NAME, SDIST[:-1]),
        (SDIST_NAME, gzip.compress(b"no tar in here", mtime=0)),
        (SDIST_NAME, TAR),
        ("demo-1.0.tar.bz2", bz2.compress(TAR)[:-1]),
        ("demo-1.0.tar.xz", lzma.compress(TAR)[:-1]),
        ("demo-1.0.win32.exe", WHEEL),
    ],
)
def test_a_torn_or_different_file_is_refused(tmp_path: Path, filename: str, data: bytes) -> None:
    assert not judged(tmp_path, filename, data)


@pytest.mark.parametrize(
    "filename", [WHEEL_NAME, SDIST_NAME, "demo-1.0.zip", "demo-1.0.unheard-of", WHEEL_NAME + ".metadata", "demo.asc"]
)
def test_neither_a_web_page_nor_nothing_is_ever_a_file(tmp_path: Path, filename: str) -> None:
    assert not starts_like(filename, PAGE)
    assert not judged(tmp_path, filename, PAGE)
    assert not judged(tmp_path, filename, b"")
