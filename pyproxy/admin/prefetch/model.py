"""What a prefetch works on, and what came of it, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pyproxy.repositories.arriving import ArrivingContent
from pyproxy.requirements.choice import Wish
from pyproxy.requirements.fitting import Formats
from pyproxy.requirements.model import LockedFile, Skipped
from pyproxy.requirements.targets import Target
from pyproxy.simple.model import NormalizedName

State = Literal["here", "local", "fetched", "wanted", "failed"]
"""Cached before; a local file; cached now; would be fetched (a dry run); could not be had, for its ``reason``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a prefetch is done. ``everything``: all files of each release, whatever ``targets`` would take.

    ``metadata``: also the metadata files of all wheels of each release. ``jobs`` go on at the same time.
    """

    targets: tuple[Target, ...]
    everything: bool = False
    metadata: bool = False
    jobs: int = 8
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRelease:
    """A file that a lock names, of the release ``version``."""

    file: LockedFile
    version: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choosing:
    """A requirement whose files the project's page decides: for one target, or (``None``) for all.

    ``beside``: the projects that ``source``, the file it stands in, lists for this target.
    """

    wish: Wish
    target: Target | None
    formats: Formats
    pre: bool
    source: str
    beside: frozenset[NormalizedName]


@dataclass(slots=True)
class ProjectAsked:
    """All that is asked of one project."""

    project: NormalizedName
    locked: list[WantedRelease] = field(default_factory=list)
    choosing: list[Choosing] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedFile:
    """One file to be had.

    ``link_sha256`` is the one in its address (of a ``.metadata`` file, its wheel's), ``None`` where it is fetched by
    name; ``hashes`` are those that its bytes must have, ``allowed`` the texts one of which they must match. ``absent``
    says why nobody may list it. ``local``: it lies in the local directory.
    """

    project: NormalizedName
    filename: str
    version: str
    where: str
    link_sha256: str | None
    hashes: Mapping[str, str] = field(default_factory=dict)
    allowed: frozenset[str] | None = None
    size: int | None = None
    absent: str = ""
    local: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for what is fetched once, and held against the same hashes."""
        return self.project, self.filename, self.link_sha256, self.hashes.get("sha256"), self.allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one file, or of a project (``filename`` is ``None``) none of whose files could be chosen."""

    project: NormalizedName
    filename: str | None
    version: str
    where: str
    state: State
    size: int | None = None
    sha256: str | None = None
    reason: str = ""


@dataclass(slots=True)
class Progress:
    """How far it has come: first with the pages of projects, then, once ``fetching``, with files.

    ``total_bytes`` is ``None`` where the size of some file is listed nowhere.
    """

    projects: int = 0
    total_projects: int = 0
    fetching: bool = False
    files: int = 0
    total_files: int = 0
    done_bytes: int = 0
    total_bytes: int | None = None
    arriving: set[ArrivingContent] = field(default_factory=set)

    @property
    def bytes(self) -> int:
        """What has been fetched so far, also of files under way."""
        return self.done_bytes + sum(content.arrived for content in self.arriving)


@dataclass(slots=True)
class Report:
    """What is known of a prefetch at any moment; ``complete`` at its end."""

    outcomes: list[Outcome] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    complete: bool = False

    def of(self, *states: State) -> list[Outcome]:
        """The files with one of these outcomes."""
        return [outcome for outcome in self.outcomes if outcome.state in states]
