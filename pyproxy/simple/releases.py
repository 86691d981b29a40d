"""A project page's files by release; ``1.0`` and ``1.0.0`` are one.

Files whose name tells no version belong to no release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from packaging.version import Version

from pyproxy.simple.model import File, ProjectDetail
from pyproxy.simple.names import version_of
from pyproxy.simple.versions import comparable, version_order


@dataclass(frozen=True, slots=True)
class Release:
    """One version, as its index spells it, with its files in the page's order; some releases have none."""

    version: str
    files: tuple[File, ...] = ()

    @property
    def yanked(self) -> bool:
        """Whether nothing of it should be chosen any more (PEP 592)."""
        return bool(self.files) and all(file.yanked for file in self.files)

    @property
    def yanked_reason(self) -> str | None:
        """The first reason that is given, if it is yanked."""
        reasons = (file.yanked for file in self.files if isinstance(file.yanked, str))
        return next(reasons, None) if self.yanked else None


def releases_of(detail: ProjectDetail, spelled: Mapping[str, str] | None = None) -> list[Release]:
    """The releases that have files, oldest first.

    ``spelled`` gives the version of a file by its name, where its index tells it; others are told by their names.
    """
    spelled = spelled or {}
    spellings: dict[str, str] = {}
    files: dict[str, list[File]] = {}
    for file in detail.files:
        version = spelled.get(file.filename) or version_of(file.filename, detail.name)
        if version is not None:
            key = comparable(version)
            if key not in spellings or file.filename in spelled:
                spellings[key] = version
            files.setdefault(key, []).append(file)
    found = [Release(spellings[key], tuple(each)) for key, each in files.items()]
    return sorted(found, key=lambda release: version_order(release.version))


def release_named(detail: ProjectDetail, version: str) -> Release | None:
    """The release that is called so, in any spelling; one that the page names without a file has none."""
    wanted = comparable(version)
    for release in releases_of(detail):
        if comparable(release.version) == wanted:
            return release
    named = (each for each in detail.versions or () if comparable(each) == wanted)
    spelling = next(named, None)
    return None if spelling is None else Release(spelling)


def newest(releases: list[Release]) -> Release | None:
    """The release that an index shows first: the newest not yanked, a pre-release only where there is no other.

    ``None`` for none.
    """
    return max(releases, key=_preference, default=None)


def _preference(release: Release) -> tuple[bool, bool, tuple[bool, Version, str]]:
    order = version_order(release.version)
    return not release.yanked, not order[1].is_prerelease, order
