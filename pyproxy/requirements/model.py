"""What requirement files and lock files list, as immutable values.

``where`` is the file and line that a thing stands at (``requirements.txt:7``), for people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from pyproxy.requirements.targets import Target
from pyproxy.simple.model import NormalizedName


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that is listed but that no index can give, and why."""

    what: str
    where: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedFile:
    """One file that a lock names: ``hashes`` by hashlib's names, in lower-case hex; ``size`` in bytes, if told."""

    filename: str
    hashes: Mapping[str, str]
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedRelease:
    """A project in the version that was locked, with its files."""

    project: NormalizedName
    version: str
    files: tuple[LockedFile, ...]
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock file: all its releases, and those that are ``needed`` by a target.

    It is for these ``pythons`` only, and where it names ``environments``, for machines on which one of them holds.

    Every extra and every group counts as wanted: what is too much costs some bytes, what is missing costs a build.
    ``certain``: the lock says itself which targets need a release; else one that has no fitting file is not missed.
    """

    pythons: SpecifierSet
    environments: tuple[Marker, ...] = ()
    releases: tuple[LockedRelease, ...]
    needed: Callable[[Target], tuple[LockedRelease, ...]] = field(repr=False)
    skipped: tuple[Skipped, ...] = ()
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A project of which some release is wanted. ``hashes`` (``sha256:…``) are those that are allowed, if any are."""

    project: NormalizedName
    specifier: SpecifierSet
    where: str
    marker: Marker | None = None
    hashes: frozenset[str] = frozenset()
    extras: frozenset[str] = frozenset()

    @property
    def pinned(self) -> bool:
        """Whether it names one version: then a yanked one may be taken (PEP 592)."""
        exact = (each for each in self.specifier if each.operator in ("==", "==="))
        return any(not each.version.endswith(".*") for each in exact)
