"""What a distribution on the disk says of itself: a wheel's METADATA, an archive's soundness."""

from __future__ import annotations

import bz2
import email.parser
import email.policy
import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path, PurePosixPath
from typing import IO

from pyproxy.simple.zip_directory import open_zip

METADATA_LIMIT = 16 * 1024 * 1024
"""Bytes of METADATA that are read; more is no metadata but an attack on memory."""

PKG_INFO_WITHIN = 64 * 1024 * 1024
"""Decompressed bytes of a source distribution that are read in search of its PKG-INFO."""

OVER_LONG = f"its METADATA is larger than {METADATA_LIMIT >> 20} MiB, a fixed limit"

_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Those that `zipfile` unpacks no further than it is told to; of the others, some bytes become gigabytes at once."""

_UNPACKED: tuple[tuple[bytes, Callable[[IO[bytes]], gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile]], ...] = (
    (b"\x1f\x8b", lambda stream: gzip.GzipFile(fileobj=stream)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
)
"""How compressed tars begin, and what reads them."""

_WITHOUT_CONTENT = (
    *(tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE),
    *(tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE),
)
"""Members of a tar whose size means nothing."""

BROKEN_ZIP = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError),
    *(ValueError, KeyError, IndexError, OverflowError, NotImplementedError, RuntimeError),
)
"""What ``zipfile`` raises over broken, encrypted and exotic archives."""


class DistributionUnreadable(Exception):
    """The file is not what its name says; the text says why."""


def read_distribution(path: Path) -> tuple[bytes | None, str | None]:
    """The wheel's METADATA and the ``Requires-Python`` in it; ``(None, None)`` for other distributions.

    Raises `DistributionUnreadable` for a broken archive.
    """
    if path.name.endswith(".whl"):
        metadata = read_wheel_metadata(path)
        return metadata, _requires_python(metadata)
    try:
        if path.name.endswith((".zip", ".egg")):
            with zipfile.ZipFile(path):
                pass
        elif path.name.endswith((".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")):
            with tarfile.open(path) as archive:
                archive.next()
    except (tarfile.TarError, *BROKEN_ZIP) as error:
        raise DistributionUnreadable(f"it is no readable archive ({error})") from error
    return None, None


def read_wheel_metadata(wheel: Path | IO[bytes]) -> bytes:
    """The bytes of ``<name>-<version>.dist-info/METADATA`` (PEP 427, PEP 658).

    Raises `DistributionUnreadable` where the wheel is broken or has none.
    """
    try:
        with wheel.open("rb") if isinstance(wheel, Path) else nullcontext(wheel) as stream, open_zip(stream) as archive:
            return read_member(archive, metadata_entry(archive))
    except BROKEN_ZIP as error:
        raise DistributionUnreadable(f"it is no readable wheel ({error})") from error


def metadata_entry(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Where a wheel's METADATA is; raises `DistributionUnreadable` where there is none, or too much of it."""
    for entry in archive.infolist():
        if not entry.filename.endswith("METADATA"):
            continue  # a path of each of a thousand members takes longer than to read the directory
        parts = PurePosixPath(entry.filename).parts
        if len(parts) == 2 and parts[0].endswith(".dist-info") and parts[1] == "METADATA":
            if entry.file_size > METADATA_LIMIT:
                raise DistributionUnreadable(OVER_LONG)
            return entry
    raise DistributionUnreadable("it has no METADATA")


def read_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """A member's bytes; no more are unpacked than its size says, as `ZipFile.read` would, up to 2 GiB.

    Raises `DistributionUnreadable`, and what is in `BROKEN_ZIP`.
    """
    if entry.compress_type not in _COMPRESSIONS:
        raise DistributionUnreadable(f"its {PurePosixPath(entry.filename).name} is compressed as in no distribution")
    with archive.open(entry) as member:
        return member.read(entry.file_size)


def read_sdist_metadata(path: Path) -> bytes:
    """The bytes of ``<name>-<version>/PKG-INFO`` in a source distribution (PEP 643).

    Raises `DistributionUnreadable` where the archive is broken or has none near its beginning.
    """
    try:
        with path.open("rb") as stream:  # stored files have no name that would tell
            found = _in_zip(stream) if zipfile.is_zipfile(stream) else _in_tar(stream)
    except (tarfile.TarError, *BROKEN_ZIP) as error:
        raise DistributionUnreadable(f"it is no readable archive ({error})") from error
    if found is None:
        raise DistributionUnreadable("it has no PKG-INFO")
    return found


def _in_zip(stream: IO[bytes]) -> bytes | None:
    with open_zip(stream) as archive:
        for entry in archive.infolist():
            if _is_pkg_info(entry.filename) and entry.file_size <= METADATA_LIMIT:
                return read_member(archive, entry)
    return None


def _in_tar(stream: IO[bytes]) -> bytes | None:
    """Header by header, always forward: `tarfile` follows sizes below zero back again for ever, and takes extended
    headers of any size into memory. Only a name of more than 100 characters would need these."""
    stream.seek(0)
    beginning = stream.read(6)
    stream.seek(0)
    opener = next((opener for magic, opener in _UNPACKED if beginning.startswith(magic)), None)
    with opener(stream) if opener is not None else stream as unpacked:
        position = 0
        while position < PKG_INFO_WITHIN:
            unpacked.seek(position)
            header = unpacked.read(tarfile.BLOCKSIZE)
            if not header.strip(b"\0"):
                break
            member = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
            if member.size < 0:
                raise tarfile.ReadError("a size below zero")
            if _is_pkg_info(member.name) and member.isfile() and member.size <= METADATA_LIMIT:
                found = unpacked.read(member.size)
                if len(found) < member.size:
                    raise tarfile.ReadError("unexpected end of data")
                return found
            blocks = 0 if member.type in _WITHOUT_CONTENT else -(-member.size // tarfile.BLOCKSIZE)
            position += (1 + blocks) * tarfile.BLOCKSIZE
    return None


def _is_pkg_info(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return len(parts) == 2 and parts[1] == "PKG-INFO"


def _requires_python(metadata: bytes) -> str | None:
    parsed = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(metadata)
    value = parsed.get("Requires-Python")
    return str(value).strip() if value else None
