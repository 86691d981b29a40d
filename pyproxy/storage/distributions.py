"""What a distribution on the disk says of itself: a wheel's METADATA, an archive's soundness."""

from __future__ import annotations

import email.parser
import email.policy
import lzma
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

METADATA_LIMIT = 16 * 1024 * 1024
"""Bytes of METADATA that are read; more is no metadata but an attack on memory."""

PKG_INFO_WITHIN = 64 * 1024 * 1024
"""Decompressed bytes of a source distribution that are read in search of its PKG-INFO."""


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
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(metadata_entry(archive))
    except BROKEN_ZIP as error:
        raise DistributionUnreadable(f"it is no readable wheel ({error})") from error


def metadata_entry(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Where a wheel's METADATA is; raises `DistributionUnreadable` where there is none, or too much of it."""
    for entry in archive.infolist():
        parts = PurePosixPath(entry.filename).parts
        if len(parts) == 2 and parts[0].endswith(".dist-info") and parts[1] == "METADATA":
            if entry.file_size > METADATA_LIMIT:
                raise DistributionUnreadable("its METADATA is over-long")
            return entry
    raise DistributionUnreadable("it has no METADATA")


def read_sdist_metadata(path: Path) -> bytes:
    """The bytes of ``<name>-<version>/PKG-INFO`` in a source distribution (PEP 643).

    Raises `DistributionUnreadable` where the archive is broken or has none near its beginning.
    """
    try:
        if zipfile.is_zipfile(path):  # stored files have no name that would tell
            with zipfile.ZipFile(path) as archive:
                for entry in archive.infolist():
                    if _is_pkg_info(entry.filename) and entry.file_size <= METADATA_LIMIT:
                        return archive.read(entry)
        else:
            with tarfile.open(path) as tar:
                while (member := tar.next()) is not None and member.offset < PKG_INFO_WITHIN:
                    if _is_pkg_info(member.name) and member.isfile() and member.size <= METADATA_LIMIT:
                        stream = tar.extractfile(member)
                        assert stream is not None
                        return stream.read()
    except (tarfile.TarError, *BROKEN_ZIP) as error:
        raise DistributionUnreadable(f"it is no readable archive ({error})") from error
    raise DistributionUnreadable("it has no PKG-INFO")


def _is_pkg_info(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return len(parts) == 2 and parts[1] == "PKG-INFO"


def _requires_python(metadata: bytes) -> str | None:
    parsed = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(metadata)
    value = parsed.get("Requires-Python")
    return str(value).strip() if value else None
