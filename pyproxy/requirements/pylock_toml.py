"""``pylock.toml`` (PEP 751), read and validated by ``packaging``."""

from __future__ import annotations

from typing import Any

from packaging.markers import Marker
from packaging.pylock import (
    Package,
    PackageSdist,
    PackageWheel,
    Pylock,
    PylockUnsupportedVersionError,
    PylockValidationError,
)
from packaging.specifiers import SpecifierSet

from pyproxy.errors import ConfigurationError
from pyproxy.requirements.model import Lock, LockedFile, LockedRelease, Skipped
from pyproxy.requirements.targets import Target
from pyproxy.requirements.toml_entries import REMEDY, Entry, entries, filename_in
from pyproxy.requirements.widening import widened
from pyproxy.simple.model import NormalizedName


def read_pylock(document: dict[str, Any], text: str, name: str) -> Lock:
    """What it lists; ``document`` is its TOML. Raises `ConfigurationError`."""
    places = entries(document, text, name, "packages")
    try:
        lock = Pylock.from_dict(document)
    except (PylockValidationError, PylockUnsupportedVersionError) as error:
        raise ConfigurationError(str(error), where=_place(error, places, name), suggestion=REMEDY) from None
    releases: list[tuple[Package, Marker | None, LockedRelease]] = []
    skipped = []
    for package, entry in zip(lock.packages, places, strict=True):
        if package.vcs or package.directory or package.archive:
            skipped.append(Skipped(package.name, entry.where, _reason(package)))
        else:
            marker = None if package.marker is None else widened(package.marker)
            releases.append((package, marker, _release(package, entry)))

    def needed(target: Target) -> tuple[LockedRelease, ...]:
        return tuple(
            release
            for package, marker, release in releases
            if target.wants(marker)
            and (package.requires_python is None or package.requires_python.contains(target.python, prereleases=True))
        )

    return Lock(
        pythons=lock.requires_python or SpecifierSet(),
        environments=tuple(lock.environments or ()),
        releases=tuple(release for *_, release in releases),
        needed=needed,
        skipped=tuple(skipped),
    )


def _release(package: Package, entry: Entry) -> LockedRelease:
    listed: list[PackageWheel | PackageSdist] = [*(package.wheels or ()), *([package.sdist] if package.sdist else [])]
    return LockedRelease(
        project=NormalizedName(package.name),
        version=str(package.version or ""),
        files=tuple(_file(each, entry) for each in listed),
        where=entry.where,
    )


def _file(each: PackageWheel | PackageSdist, entry: Entry) -> LockedFile:
    filename = each.name or filename_in(each.url or each.path or "")
    return Entry({"size": each.size} if each.size is not None else {}, entry.where).file(filename, each.hashes)


def _reason(package: Package) -> str:
    if package.vcs:
        return f"it comes from a {package.vcs.type} repository, and pyproxy keeps files of indexes only"
    if package.directory:
        return "it is a directory beside the lock file"
    return "it comes from an address of its own, and pyproxy keeps files of indexes only"


def _place(error: Exception, places: list[Entry], name: str) -> str:
    """The line of the package that the error is about (``packages[3].name``), if it names one."""
    context = getattr(error, "context", None) or ""
    number = context.removeprefix("packages[").partition("]")[0]
    return places[int(number)].where if number.isdecimal() and int(number) < len(places) else name
