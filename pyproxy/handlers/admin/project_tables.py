"""Tables of a project's files: frozen values, and no more of their texts than a page can hold.

An index may call a hundred files anything, with hundreds of characters each.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape
from urllib.parse import quote

from pyproxy.admin.projects.view import FileLine, PageView, ProjectView, ReleaseView
from pyproxy.admin.visible import visible

LONGEST_NAME = 120
"""Characters of a file's name in a table."""

ROWS_BYTES = 62_000
"""Of a table of files, or so: with longer names and notes it is made tersely."""

UNLISTED_BESIDE = 10
"""Kept files that the page does not list, named beside the releases; alone they have more room."""

ROW_BYTES = 340
"""What a file in the table takes beside its texts, or so."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """Characters of texts in a table, at most; ``link``: of a name as a query has it."""

    name: int
    link: int
    python: int
    note: int


PLAIN = Lengths(name=LONGEST_NAME, link=300, python=40, note=80)
TERSE = Lengths(name=40, link=0, python=12, note=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """One file in a table. ``address`` is its name as a query has it, ``None`` for one that is too long for a link."""

    name: str
    address: str | None
    size: int | None
    uploaded: float | None
    python: str
    sha256: str
    kept: bool
    uses: int
    yanked: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRows:
    """A release and its files. ``note`` is why it was yanked; ``part``: so many of its files stand here, if not all."""

    version: str | None
    uploaded: float | None
    yanked: bool
    note: str
    part: str
    files: tuple[FileRow, ...]


def release_rows(page: PageView | None) -> tuple[ReleaseRows, ...]:
    """The releases in a window of a project's page."""
    if page is None:
        return ()
    plain = tuple(_release(release, PLAIN) for release in page.releases)
    if sum(map(weight, plain)) <= ROWS_BYTES:
        return plain
    return tuple(_release(release, TERSE) for release in page.releases)


def unlisted_rows(view: ProjectView) -> tuple[FileRow, ...]:
    """Kept files that the project's page does not list."""
    shown = view.unlisted if view.page is None else view.unlisted[:UNLISTED_BESIDE]
    lengths = PLAIN if sum(len(kept.filename.encode()) for kept in shown) < ROWS_BYTES // 4 else TERSE
    return tuple(
        FileRow(
            name=cut(kept.filename, lengths.name),
            address=_address(kept.filename, lengths),
            size=kept.size,
            uploaded=None,
            python="",
            sha256=kept.sha256,
            kept=True,
            uses=kept.uses,
            yanked=None,
        )
        for kept in shown
    )


def cut(text: str, longest: int) -> str:
    """The text with nothing in it that is not seen, or its beginning."""
    seen = visible(text[: longest + 1])
    return seen if len(seen) <= longest else f"{seen[: longest - 1]}…"


def _release(release: ReleaseView, lengths: Lengths) -> ReleaseRows:
    return ReleaseRows(
        version=None if release.version is None else cut(release.version, lengths.name),
        uploaded=_time(release.uploaded),
        yanked=release.yanked,
        note=cut(release.yanked_reason or "", lengths.note),
        part=_part(len(release.files), release.all_files),
        files=tuple(_row(line, release.yanked, lengths) for line in release.files),
    )


def _part(shown: int, every: int) -> str:
    return "" if shown == every else f"{shown} of its {every} files"


def _row(line: FileLine, release_yanked: bool, lengths: Lengths) -> FileRow:
    listed = line.listed
    yanked = None
    if listed.yanked and not release_yanked:
        yanked = cut(listed.yanked_reason or "", lengths.note)
    return FileRow(
        name=cut(listed.filename, lengths.name),
        address=_address(listed.filename, lengths),
        size=listed.size,
        uploaded=_time(listed.upload_time),
        python=cut(listed.requires_python or "", lengths.python),
        sha256=listed.sha256 or "",
        kept=line.kept is not None,
        uses=line.uses,
        yanked=yanked,
    )


def weight(release: ReleaseRows) -> int:
    """The bytes that it takes in a page, or so."""
    own = len(escape(f"{release.version}{release.note}").encode())
    return ROW_BYTES + own + sum(map(row_weight, release.files))


def row_weight(row: FileRow) -> int:
    """The same of one file."""
    texts = escape(f"{row.name}{row.python}{row.yanked or ''}").encode()
    return ROW_BYTES + len(texts) + len(row.address or "")


def _time(text: str | None) -> float | None:
    """An upload time as unix seconds; ``None`` for what is none."""
    try:
        return None if text is None else datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None


def _address(filename: str, lengths: Lengths) -> str | None:
    quoted = quote(filename, safe="")
    return quoted if len(quoted) <= lengths.link else None
