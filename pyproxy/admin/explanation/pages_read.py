"""Stored project pages, read for people who ask, not for requests: summed up, or for one of their files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyproxy.repositories.bounded_cache import BoundedCache
from pyproxy.repositories.rendering import COMPRESSION_GUESS
from pyproxy.repositories.workshop import Workshop
from pyproxy.simple import canonical
from pyproxy.simple.model import File, NormalizedName
from pyproxy.simple.names import version_of
from pyproxy.simple.packing import unpack
from pyproxy.simple.versions import version_order

SUMMARIES_LIMIT = 20_000
"""Summaries that stay in memory; each is some hundreds of bytes."""


@dataclass(frozen=True, slots=True)
class PageSummary:
    """How many files and releases a page has, ``newest`` the highest of these; ``unhashed`` files have no sha256.

    ``status`` is PEP 792's.
    """

    files: int
    releases: int
    newest: str | None
    unhashed: int
    status: str | None


class PageReader:
    """Reads pages off the event loop, and keeps what they come to by their content."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._summaries = BoundedCache[str, PageSummary](SUMMARIES_LIMIT, lambda _: 1)

    async def summary(self, tag: str, canonical_z: bytes, project: NormalizedName) -> PageSummary:
        """What the page with this tag comes to."""
        summary = self._summaries.get(tag)
        if summary is None:
            size = len(canonical_z) * COMPRESSION_GUESS
            summary = await self._workshop.run(size, summarize, canonical_z, project)
            self._summaries.put(tag, summary)
        return summary

    async def file(self, canonical_z: bytes, filename: str) -> File | None:
        """The page's file of this name; of a large page, this one alone comes back from the process that reads it."""
        size = len(canonical_z) * COMPRESSION_GUESS
        return await self._workshop.run(size, find_file, canonical_z, filename)


def find_file(canonical_z: bytes, filename: str) -> File | None:
    """The file of this name in the canonical form (zlib-compressed); of several the last, as it is served."""
    files = canonical.decode(unpack(canonical_z)).files
    return next((file for file in reversed(files) if file.filename == filename), None)


def summarize(canonical_z: bytes, project: NormalizedName) -> PageSummary:
    """What the canonical form (zlib-compressed) comes to, as it is stored."""
    detail = canonical.decode(unpack(canonical_z))
    files = {file.filename: file for file in detail.files}
    releases = releases_of(files, project) or _sorted(detail.versions or ())
    return PageSummary(
        files=len(files),
        releases=len(releases),
        newest=releases[-1] if releases else None,
        unhashed=sum(file.sha256 is None for file in files.values()),
        status=detail.status,
    )


def releases_of(filenames: Iterable[str], project: NormalizedName) -> tuple[str, ...]:
    """The versions that these files name, the highest last."""
    versions = {version_of(filename, project) for filename in filenames}
    return _sorted(version for version in versions if version is not None)


def _sorted(versions: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(versions, key=version_order))
