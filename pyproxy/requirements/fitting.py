"""Which of a release's files a target would install: the best wheel that it takes, else the sdist."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from packaging.tags import Tag, parse_tag

from pyproxy.errors import ConfigurationError, InvalidProjectName
from pyproxy.requirements.targets import Target
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import normalize

SDIST_SUFFIXES = (".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz", ".tar")

ALL, NONE = ":all:", ":none:"

_NUMBER = re.compile("[0-9]+")


class Named(Protocol):
    """Anything with a filename."""

    @property
    def filename(self) -> str: ...


T = TypeVar("T", bound=Named)


@dataclass(frozen=True, slots=True)
class Formats:
    """What pip's ``--no-binary`` and ``--only-binary`` say; both hold names of projects, or ``:all:``."""

    no_binary: frozenset[str] = frozenset()
    only_binary: frozenset[str] = frozenset()

    def wheels(self, project: NormalizedName) -> bool:
        """Whether wheels of the project may be taken. What is said of the project itself counts more."""
        return project not in self.no_binary and (ALL not in self.no_binary or project in self.only_binary)

    def sdists(self, project: NormalizedName) -> bool:
        """Whether sdists of the project may be taken."""
        return project not in self.only_binary and (ALL not in self.only_binary or project in self.no_binary)

    def changed(self, option: str, value: str) -> Formats:
        """With one more ``--no-binary`` or ``--only-binary``. Raises `ConfigurationError`."""
        named: frozenset[str] = getattr(self, "no_binary" if option == "--no-binary" else "only_binary")
        for each in (part.strip() for part in value.split(",")):
            if each == NONE:
                named = frozenset()
            elif each == ALL:
                named = frozenset({ALL})
            elif each.startswith(":"):
                raise ConfigurationError(
                    f"{each!r} is no value", key=option, suggestion="give names of projects, :all: or :none:"
                )
            else:
                named |= {_project(option, each)}
        other = (self.only_binary if option == "--no-binary" else self.no_binary) - named
        return Formats(named, other) if option == "--no-binary" else Formats(other, named)


def _project(option: str, text: str) -> NormalizedName:
    try:
        return normalize(text)
    except InvalidProjectName as error:
        raise ConfigurationError(str(error), key=option) from None


def is_wheel(filename: str) -> bool:
    """Whether the name is that of a wheel."""
    return filename.endswith(".whl")


def is_sdist(filename: str) -> bool:
    """Whether the name is that of a source distribution."""
    return filename.lower().endswith(SDIST_SUFFIXES)


def best(files: Iterable[T], project: NormalizedName, target: Target, formats: Formats) -> T | None:
    """The file that the target would install of these, which are of one release; ``None`` where none fits."""
    wheels, sdists = formats.wheels(project), formats.sdists(project)
    found: T | None = None
    found_key: tuple[int, int] | None = None
    for file in files:
        key = None
        if is_wheel(file.filename):
            key = _wheel_key(file.filename, target) if wheels else None
        elif is_sdist(file.filename) and sdists:
            key = (len(target.tags), 0)
        if key is not None and (found_key is None or key < found_key):
            found, found_key = file, key
    return found


def _wheel_key(filename: str, target: Target) -> tuple[int, int] | None:
    """Smaller is better: the best of its tags, then the higher build number."""
    parts = filename.removesuffix(".whl").split("-")
    if len(parts) not in (5, 6):
        return None
    ranks = [target.ranks[tag] for tag in _tags("-".join(parts[-3:])) if tag in target.ranks]
    build = _NUMBER.match(parts[2]) if len(parts) == 6 else None
    return (min(ranks), -int(build[0]) if build else 0) if ranks else None


def _tags(text: str) -> Iterable[Tag]:
    try:
        return parse_tag(text)
    except ValueError:
        return ()
