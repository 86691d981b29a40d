"""A stored project page, read whole: for people who ask, not for requests."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pyproxy.simple import canonical
from pyproxy.simple.model import File, NormalizedName
from pyproxy.simple.names import version_of
from pyproxy.simple.versions import version_order


@dataclass(frozen=True, slots=True)
class ReadPage:
    """``files`` by filename; ``releases`` are versions, the highest last; ``status`` is PEP 792's."""

    files: Mapping[str, File] = field(repr=False)
    releases: tuple[str, ...]
    status: str | None


def read_page(canonical_z: bytes, project: NormalizedName) -> ReadPage:
    """Read the canonical form (zlib-compressed) as it is stored."""
    detail = canonical.decode(zlib.decompress(canonical_z))
    files = {file.filename: file for file in detail.files}
    named = releases_of(files, project)
    return ReadPage(files, named or _sorted(detail.versions or ()), detail.status)


def releases_of(filenames: Iterable[str], project: NormalizedName) -> tuple[str, ...]:
    """The versions that these files name, the highest last."""
    versions = {version_of(filename, project) for filename in filenames}
    return _sorted(version for version in versions if version is not None)


def _sorted(versions: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(versions, key=version_order))
