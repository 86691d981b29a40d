"""The files of a project page by release, the newest release first, a window at a time.

A page of 20,000 files is never turned into 20,000 values here: the window is cut where the page is read, in another
process if it is big (``repositories.workshop``). Pure functions of picklable values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, NewType

from pyproxy.simple import canonical
from pyproxy.simple.model import File, ProjectDetail
from pyproxy.simple.names import METADATA_SUFFIX
from pyproxy.simple.packing import unpack
from pyproxy.simple.releases import Release, releases_of

RELEASES_AT_ONCE = 50
FILES_AT_ONCE = 100
"""A window ends when it has so many releases, or so many files; a large release goes on in the next one."""

WINDOWS_AT_ONCE = 5
"""Reading a big page takes most of the time, so the windows that will be wanted next are cut as well."""

UNLISTED_NAMED = 100
"""Kept files that the page does not list are named up to so many."""


KeptKey = NewType("KeptKey", str)
"""A kept file by name and content, in one text: thousands of them go to another process in a moment."""


def kept_key(filename: str, sha256: str) -> KeptKey:
    """The key of a kept file."""
    return KeptKey(f"{sha256} {filename}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """A file as its page lists it; texts are verbatim, ``size`` is in bytes.

    ``recorded``: its sha256 was learned at the first download, for its index lists none. ``yanked_reason`` may be
    missing from a yanked file. ``metadata``: it has a metadata file beside it (PEP 658).
    """

    filename: str
    size: int | None
    sha256: str | None
    recorded: bool
    upload_time: str | None
    requires_python: str | None
    yanked: bool
    yanked_reason: str | None
    metadata: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRelease:
    """A release, or the part of it in a window: ``all_files`` it has in all, ``begun`` in the window before.

    ``version`` is ``None`` for files whose names tell none: they come last. Yanked when all its files are; uploaded
    when the first of them was.
    """

    version: str | None
    files: tuple[ListedFile, ...]
    all_files: int
    begun: bool
    yanked: bool
    yanked_reason: str | None
    uploaded: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Some releases of a page that has ``all_releases`` with ``all_files``: window ``number`` (from 1) of ``windows``.

    ``unlisted`` are kept files that the page does not list (any more), some of ``all_unlisted``. ``status`` and
    ``status_reason`` are PEP 792's.
    """

    releases: tuple[ListedRelease, ...]
    number: int
    windows: int
    all_releases: int
    all_files: int
    unlisted: tuple[KeptKey, ...]
    all_unlisted: int
    status: str | None
    status_reason: str | None


class _Piece(NamedTuple):
    """A release's files from one number up to another."""

    release: int
    start: int
    stop: int


def read_windows(
    canonical_z: bytes,
    recorded: Mapping[str, str],
    kept: Sequence[KeptKey],
    number: int,
    releases_at_once: int = RELEASES_AT_ONCE,
    files_at_once: int = FILES_AT_ONCE,
) -> list[Window]:
    """The window with this number, or the last one, of a stored page (zlib-compressed), and some after it.

    ``recorded`` holds the sha256 that were learned here, by filename; ``kept`` is what is kept of the project.
    """
    detail = canonical.decode(unpack(canonical_z))
    releases: list[tuple[str | None, Release]] = [(each.version, each) for each in reversed(releases_of(detail))]
    named = {file.filename for _, release in releases for file in release.files}
    nameless = tuple(file for file in detail.files if file.filename not in named)
    if nameless:
        releases.append((None, Release("", nameless)))
    windows = list(_cut([len(release.files) for _, release in releases], releases_at_once, files_at_once))
    first = max(1, min(number, len(windows))) - 1
    unlisted = _unlisted(detail, recorded, kept)
    return [
        Window(
            releases=tuple(_listed(*releases[piece.release], piece, recorded) for piece in pieces),
            number=index,
            windows=len(windows),
            all_releases=len(releases) - bool(nameless),
            all_files=len(detail.files),
            unlisted=tuple(unlisted[:UNLISTED_NAMED]),
            all_unlisted=len(unlisted),
            status=detail.status,
            status_reason=detail.status_reason,
        )
        for index, pieces in enumerate(windows[first : first + WINDOWS_AT_ONCE], start=first + 1)
    ]


def _cut(counts: Sequence[int], releases_at_once: int, files_at_once: int) -> Iterator[list[_Piece]]:
    """Windows of pieces, for releases with so many files each; at least one window."""
    window: list[_Piece] = []
    room = files_at_once
    for release, count in enumerate(counts):
        start = 0
        while start < count:
            if not room or len(window) == releases_at_once:
                yield window
                window, room = [], files_at_once
            taken = min(count - start, room)
            window.append(_Piece(release, start, start + taken))
            start, room = start + taken, room - taken
    yield window


def _listed(version: str | None, release: Release, piece: _Piece, recorded: Mapping[str, str]) -> ListedRelease:
    uploaded = [file.upload_time for file in release.files if file.upload_time]
    return ListedRelease(
        version=version,
        files=tuple(_file(file, recorded) for file in release.files[piece.start : piece.stop]),
        all_files=len(release.files),
        begun=piece.start > 0,
        yanked=version is not None and release.yanked,
        yanked_reason=release.yanked_reason if version is not None else None,
        uploaded=min(uploaded, default=None),
    )


def _file(file: File, recorded: Mapping[str, str]) -> ListedFile:
    learned = recorded.get(file.filename) if file.sha256 is None else None
    return ListedFile(
        filename=file.filename,
        size=file.size,
        sha256=file.sha256 or learned,
        recorded=learned is not None,
        upload_time=file.upload_time,
        requires_python=file.requires_python,
        yanked=bool(file.yanked),
        yanked_reason=file.yanked if isinstance(file.yanked, str) else None,
        metadata=file.core_metadata is not False,
    )


def _unlisted(detail: ProjectDetail, recorded: Mapping[str, str], kept: Sequence[KeptKey]) -> list[KeptKey]:
    if not kept:
        return []
    listed = {file.filename: file.sha256 or recorded.get(file.filename) for file in detail.files}
    return [key for key in kept if not _is_listed(key, listed)]


def _is_listed(kept: KeptKey, listed: Mapping[str, str | None]) -> bool:
    sha256, _, filename = kept.partition(" ")
    # A metadata file has a hash of its own; it belongs to the page as long as its wheel does.
    wheel = filename.removesuffix(METADATA_SUFFIX)
    if wheel not in listed:
        return False
    return wheel != filename or listed[wheel] in (sha256, None)
