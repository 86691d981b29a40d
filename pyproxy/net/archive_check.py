"""Whether bytes are what their filename says: for files whose index lists no hash.

Some indexes list no hashes, and a login page or a torn archive answered with 200 must not become "the file". What
can be told from the first bytes is told at once (:func:`starts_like`); a complete file is opened and, where only its
end can prove it whole, read to the end (:func:`looks_like`).
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import IO

from pyproxy.simple.zip_directory import open_zip

HEAD_BYTES = 512
"""How many first bytes :func:`starts_like` wants to see; of a shorter file, all."""

MAX_UNPACKED_BYTES = 4 << 30
"""A compressed tar is read to its end, but no further than this: a bomb must not keep a thread busy for hours."""

_READ_BYTES = 1 << 20
_METADATA_FIELD = b"metadata-version:"

_MAGIC: tuple[tuple[tuple[str, ...], tuple[bytes, ...]], ...] = (
    ((".whl", ".zip", ".egg"), (b"PK\x03\x04", b"PK\x05\x06")),
    ((".tar.gz", ".tgz", ".gz"), (b"\x1f\x8b",)),
    ((".tar.bz2", ".tbz", ".tbz2"), (b"BZh",)),
    ((".tar.xz", ".txz"), (b"\xfd7zXZ\x00",)),
    ((".tar.z",), (b"\x1f\x9d",)),
    ((".exe",), (b"MZ",)),
    ((".msi",), (b"\xd0\xcf\x11\xe0",)),
    ((".rpm",), (b"\xed\xab\xee\xdb",)),
    ((".deb",), (b"!<arch>\n",)),
)
_WEB_PAGE = (b"<!doctype", b"<html", b"<head", b"<body", b"<title", b"<script", b"<meta", b"<!--", b"<?xml")

_Opener = Callable[[IO[bytes]], gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile]
_DECOMPRESSED: tuple[tuple[tuple[str, ...], _Opener], ...] = (
    ((".tar.gz", ".tgz"), lambda raw: gzip.GzipFile(fileobj=raw)),
    ((".tar.bz2", ".tbz", ".tbz2"), bz2.BZ2File),
    ((".tar.xz", ".txz"), lzma.LZMAFile),
)


def magic_of(filename: str) -> tuple[bytes, ...]:
    """The beginnings a file of this name may have; empty where its suffix promises none.

    >>> magic_of("example-1.0.tgz")
    (b'\\x1f\\x8b',)
    """
    lowered = filename.lower()
    return next((beginnings for suffixes, beginnings in _MAGIC if lowered.endswith(suffixes)), ())


def starts_like(filename: str, head: bytes) -> bool:
    """Whether a file of this name may begin so; ``head`` holds its first ``HEAD_BYTES`` bytes or the whole of it.

    Nothing begins like nothing: an empty file is no distribution. A suffix without known beginnings may hold anything
    but a web page.
    """
    if not head:
        return False
    if filename.lower().endswith(".metadata"):
        return _METADATA_FIELD in head.lower() and not _is_web_page(head)
    beginnings = magic_of(filename)
    return head.startswith(beginnings) if beginnings else not _is_web_page(head)


def looks_like(filename: str, raw: IO[bytes]) -> bool:
    """Whether the complete file is what its name says. Slow for big ones: call it in a worker thread.

    Wheels, eggs and zips must have a readable central directory (it stands at the end, so a torn one fails);
    compressed tars must unpack to the end, checksum included, and begin with a tar header.
    The position of ``raw`` moves.
    """
    raw.seek(0)
    if not starts_like(filename, raw.read(HEAD_BYTES)):
        return False
    lowered = filename.lower()
    if lowered.endswith((".whl", ".zip", ".egg")):
        return _is_whole_zip(raw)
    for suffixes, opener in _DECOMPRESSED:
        if lowered.endswith(suffixes):
            return _is_whole_tar(raw, opener)
    return True


def _is_web_page(head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return text.startswith(_WEB_PAGE)


def _is_whole_zip(raw: IO[bytes]) -> bool:
    try:
        with open_zip(raw) as archive:
            return bool(archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
        return False


def _is_whole_tar(raw: IO[bytes], opener: _Opener) -> bool:
    raw.seek(0)
    try:
        with opener(raw) as unpacked:
            tarfile.TarInfo.frombuf(unpacked.read(tarfile.BLOCKSIZE), tarfile.ENCODING, "surrogateescape")
            count = tarfile.BLOCKSIZE
            while data := unpacked.read(_READ_BYTES):
                count += len(data)
                if count > MAX_UNPACKED_BYTES:
                    break
    except (tarfile.HeaderError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError):
        return False
    return True
