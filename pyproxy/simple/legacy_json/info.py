"""The ``info`` of a document that is made here, from a release's own METADATA or PKG-INFO.

Filled from it (core metadata specification): author and maintainer with their addresses, classifiers, description with
its type, download_url, dynamic, home_page, keywords, license, license_expression, license_files, platform,
project_urls, provides_extra, requires_dist, requires_python, summary. Filled without it: name, version, yanked,
yanked_reason, and requires_python where all files of the release agree. The rest is ``null`` or empty, for what is not
known is not invented: ``requires_dist`` is ``null`` while nobody knows, and ``[]`` where there are none.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from packaging.metadata import RawMetadata
from packaging.version import Version

from pyproxy.errors import InvalidProjectName
from pyproxy.simple.core_metadata import read_core_metadata
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import normalize
from pyproxy.simple.releases import Release
from pyproxy.simple.versions import comparable, read_version

_RELIABLE_SINCE = Version("2.2")
"""From this version of the metadata on, a source distribution's is final but for what it calls dynamic (PEP 643)."""


class OwnMetadata(NamedTuple):
    """A distribution's METADATA (``wheel``) or PKG-INFO (``sdist``)."""

    content: bytes
    kind: Literal["wheel", "sdist"]


def made_info(project: NormalizedName, release: Release, metadata: OwnMetadata | None) -> dict[str, Any]:
    """``info`` for a release; metadata of another project or release counts for nothing."""
    raw = _read(project, release, metadata)
    info: dict[str, Any] = {
        "author": raw.get("author"),
        "author_email": raw.get("author_email"),
        "bugtrack_url": None,
        "classifiers": raw.get("classifiers", []),
        "description": raw.get("description"),
        "description_content_type": raw.get("description_content_type"),
        "docs_url": None,
        "download_url": raw.get("download_url"),
        "downloads": {"last_day": -1, "last_month": -1, "last_week": -1},
        "dynamic": raw.get("dynamic"),
        "home_page": raw.get("home_page"),
        "keywords": ",".join(raw.get("keywords", [])) or None,
        "license": raw.get("license"),
        "license_expression": raw.get("license_expression"),
        "license_files": raw.get("license_files"),
        "maintainer": raw.get("maintainer"),
        "maintainer_email": raw.get("maintainer_email"),
        "name": raw.get("name") or project,
        "package_url": None,
        "platform": ", ".join(raw.get("platforms", [])) or None,
        "project_url": None,
        "project_urls": raw.get("project_urls"),
        "provides_extra": raw.get("provides_extra"),
        "release_url": None,
        "requires_dist": _requires_dist(raw, metadata),
        "requires_python": raw.get("requires_python") or _agreed_requires_python(release),
        "summary": raw.get("summary"),
        "version": release.version,
    }
    return {**info, **yanked(release)}


def yanked(release: Release) -> dict[str, Any]:
    """What ``info`` says of a release that should not be chosen any more."""
    return {"yanked": release.yanked, "yanked_reason": release.yanked_reason}


def _read(project: NormalizedName, release: Release, metadata: OwnMetadata | None) -> RawMetadata:
    if metadata is None:
        return {}
    raw = read_core_metadata(metadata.content)
    try:
        same = normalize(raw.get("name", "")) == project
    except InvalidProjectName:
        return {}
    return raw if same and comparable(raw.get("version", "")) == comparable(release.version) else {}


def _requires_dist(raw: RawMetadata, metadata: OwnMetadata | None) -> list[str] | None:
    requires = raw.get("requires_dist")
    if requires or not raw or metadata is None:
        return requires
    if metadata.kind == "sdist" and not _is_final(raw):
        return None
    return []


def _is_final(raw: RawMetadata) -> bool:
    """Whether a source distribution's metadata would say so if it required anything."""
    written = read_version(raw.get("metadata_version", "0"))
    reliable = written is not None and written >= _RELIABLE_SINCE
    return reliable and "requires-dist" not in {name.lower() for name in raw.get("dynamic", [])}


def _agreed_requires_python(release: Release) -> str | None:
    said = {file.requires_python for file in release.files}
    return said.pop() if len(said) == 1 else None
