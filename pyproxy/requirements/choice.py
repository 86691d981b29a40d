"""Which files of a project page a requirement means: pip's choice, without its dependencies.

Required reading: PEP 440 (pre-releases), PEP 592 (yanked) and pip's hash-checking mode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from pyproxy.requirements.fitting import Formats, best
from pyproxy.requirements.model import Requirement
from pyproxy.requirements.targets import Target
from pyproxy.simple.model import File, NormalizedName, ProjectDetail
from pyproxy.simple.names import version_of
from pyproxy.simple.versions import read_version


class NoneFits(Exception):
    """No file of the page is meant; the text says why, as the end of a sentence that begins with the upstream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """All that is asked of a project at once; ``hashes`` (``sha256:…``): only such files; ``None``: any."""

    project: NormalizedName
    specifier: SpecifierSet
    pinned: bool
    hashes: frozenset[str] | None = None
    extras: frozenset[str] = frozenset()
    where: str

    def __str__(self) -> str:
        return f"{self.project}{self.specifier}"


@dataclass(frozen=True, slots=True)
class _Candidate:
    version: Version
    file: File

    @property
    def filename(self) -> str:
        return self.file.filename


def wish_of(requirements: Sequence[Requirement], constraints: Sequence[Requirement]) -> Wish:
    """What requirements of one project come to together; of hashes, those that each of them allows."""
    together = [*requirements, *constraints]
    specifier = SpecifierSet()
    for each in together:
        specifier &= each.specifier
    allowed = [each.hashes for each in together if each.hashes]
    return Wish(
        project=requirements[0].project,
        specifier=specifier,
        pinned=any(each.pinned for each in together),
        hashes=frozenset.intersection(*allowed) if allowed else None,
        extras=frozenset[str]().union(*(each.extras for each in requirements)),
        where=", ".join(dict.fromkeys(each.where for each in requirements)),
    )


def choose(detail: ProjectDetail, wish: Wish, target: Target, formats: Formats, *, pre: bool) -> File:
    """The file that ``target`` would install: of the newest release that has one for it. Raises `NoneFits`."""
    found = _matching(detail, wish, pre=pre)
    found = _narrowed(
        found, lambda each: _for_python(each.file, target), f"none of {wish} is for Python {target.python}"
    )
    found = _narrowed(
        found,
        lambda each: best([each], wish.project, target, formats) is not None,
        f"no file of {wish} fits {target.label}",
    )
    found = _with_hash(found, wish)
    newest = max(each.version for each in found)
    chosen = best([each for each in found if each.version == newest], wish.project, target, formats)
    assert chosen is not None
    return chosen.file


def choose_all(detail: ProjectDetail, wish: Wish, formats: Formats, *, pre: bool) -> tuple[File, ...]:
    """Every file of the newest release that matches, whatever it is for. Raises `NoneFits`."""
    found = _with_hash(_matching(detail, wish, pre=pre), wish)
    newest = max(each.version for each in found)
    return tuple(each.file for each in found if each.version == newest)


def release_files(detail: ProjectDetail, of: File) -> tuple[File, ...]:
    """The files of the same release."""
    version = version_of(of.filename, detail.name)
    return tuple(file for file in detail.files if version_of(file.filename, detail.name) == version)


def _matching(detail: ProjectDetail, wish: Wish, *, pre: bool) -> list[_Candidate]:
    versions = ((version_of(file.filename, detail.name), file) for file in detail.files)
    read = ((read_version(text), file) for text, file in versions if text is not None)
    listed = [_Candidate(version, file) for version, file in read if version is not None]
    if not listed:
        raise NoneFits("lists no file with a version")
    admitted = set(wish.specifier.filter({each.version for each in listed}, prereleases=True if pre else None))
    found = _narrowed(listed, lambda each: each.version in admitted, f"no release matches {wish}")
    return _narrowed(found, lambda each: wish.pinned or not each.file.yanked, f"what matches {wish} was yanked")


def _narrowed(found: list[_Candidate], keeps: Callable[[_Candidate], bool], problem: str) -> list[_Candidate]:
    left = [each for each in found if keeps(each)]
    if not left:
        raise NoneFits(problem)
    return left


def _with_hash(found: list[_Candidate], wish: Wish) -> list[_Candidate]:
    """Those with an allowed hash, and those whose hash nobody knows before they are here."""
    if wish.hashes is None:
        return found
    left = [each for each in found if not each.file.hashes or _allowed(each.file, wish)]
    if left:
        return left
    newest = max(found, key=lambda each: each.version).file
    listed = ", ".join(f"{name}:{digest}" for name, digest in newest.hashes.items())
    raise NoneFits(f"{newest.filename} is listed with {listed}; allowed is {', '.join(sorted(wish.hashes)) or 'none'}")


def _allowed(file: File, wish: Wish) -> bool:
    return any(f"{name}:{digest}" in (wish.hashes or ()) for name, digest in file.hashes.items())


def _for_python(file: File, target: Target) -> bool:
    if file.requires_python is None:
        return True
    try:
        return SpecifierSet(file.requires_python).contains(target.python, prereleases=True)
    except ValueError:
        return True  # as pip does with what it cannot read
