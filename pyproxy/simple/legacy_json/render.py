"""Write documents of the legacy JSON API: the project page's files, and what else is known of the project.

The page rules which files and releases there are, so page and document never disagree. ``info``, ``vulnerabilities``,
``ownership`` and ``last_serial`` are the upstream's where it has a document; otherwise ``info`` is made
(``legacy_json_info``), ``vulnerabilities`` is empty, and ``last_serial`` is the page's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pyproxy.simple.legacy_json.document import LegacyDocument
from pyproxy.simple.legacy_json.files import file_entry
from pyproxy.simple.legacy_json.info import OwnMetadata, made_info, yanked
from pyproxy.simple.model import File, ProjectDetail
from pyproxy.simple.offered import NOTHING_OFFERED, OfferedMetadata
from pyproxy.simple.releases import Release, newest, releases_of
from pyproxy.simple.versions import comparable, version_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What a document is written from.

    ``recorded``: sha256 (lower-case hex) of files that the page lists without one; ``offered``: the wheels for which
    metadata files are offered here. ``document`` is the upstream's, if it has one; else ``metadata`` that of the
    release that ``info`` is about, and ``serial`` the page's.
    """

    page: ProjectDetail
    recorded: Mapping[str, str] = field(default_factory=dict)
    offered: OfferedMetadata = NOTHING_OFFERED
    document: LegacyDocument | None = None
    metadata: OwnMetadata | None = None
    serial: int | None = None


def render_document(sources: Sources, *, base: str, version: str | None) -> bytes:
    """The document of the project, or of one release; ``base`` is this server's address without a final slash."""
    return msgspec.json.encode(_document(sources, base, version))


def _document(sources: Sources, base: str, version: str | None) -> dict[str, Any]:
    page, theirs = sources.page, sources.document
    releases = releases_of(page, theirs.versions if theirs is not None else None)
    release = _subject(sources, releases, version)
    written: dict[str, Any] = {}
    if theirs is not None:
        about = yanked(release) if release.files else {}
        written |= {**theirs.extra, "info": {**theirs.info, **about}, "last_serial": theirs.last_serial}
        if theirs.ownership is not None:
            written["ownership"] = theirs.ownership
    else:
        written |= {"info": made_info(page.name, release, sources.metadata), "last_serial": sources.serial}

    def entries(files: Sequence[File]) -> list[dict[str, Any]]:
        return [_entry(sources, file, base) for file in files]

    if version is None:
        by_release = {each.version: each.files for each in releases}
        empty = [each for each in (theirs.empty_versions if theirs is not None else ()) if each not in by_release]
        by_release |= dict.fromkeys(empty, ())
        written["releases"] = {each: entries(by_release[each]) for each in sorted(by_release, key=version_order)}
    written["urls"] = entries(release.files)
    written["vulnerabilities"] = theirs.vulnerabilities if theirs is not None else []
    return written


def _subject(sources: Sources, releases: list[Release], version: str | None) -> Release:
    """The release that ``info`` and ``urls`` are about."""
    if version is None and sources.document is not None:
        version = sources.document.info["version"]
    if version is None:
        return newest(releases) or Release("")
    wanted = comparable(version)
    return next((each for each in releases if comparable(each.version) == wanted), Release(version))


def _entry(sources: Sources, file: File, base: str) -> dict[str, Any]:
    listed = sources.document.files.get(file.filename) if sources.document is not None else None
    sha256 = file.sha256 or sources.recorded.get(file.filename)
    core_metadata = file.core_metadata or sources.offered.has(file.filename)
    return file_entry(
        file, listed, project=sources.page.name, sha256=sha256, core_metadata=core_metadata, base=base
    )
