"""Why a project, or one of its files, is answered as it is: the facts, without words or markup.

Made by `explainer.Explainer`; told in words by ``sentences.py`` and ``file_sentences.py``, for programs by
``document.py``. All times are unix seconds, all sizes bytes.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from pyproxy.simple.model import NormalizedName
from pyproxy.storage.failures import Failure, Rest
from pyproxy.storage.kept import KeptFile


class State(enum.StrEnum):
    """What clients get for the project's page, as far as that is known without asking anybody."""

    LOCAL = "local"
    SERVED = "served"
    STALE = "stale"
    MISSING = "missing"
    FAILING = "failing"
    UNKNOWN = "unknown"
    """Nobody can tell before an upstream has been asked that has not said anything so far."""
    OFFLINE = "offline"
    RESERVED = "reserved"
    """The name belongs to upstreams that are switched off."""
    NOT_ADMITTED = "not admitted"
    NO_UPSTREAM = "no upstream"


class Role(enum.StrEnum):
    """What an upstream has to do with the project."""

    OWNER = "owner"
    ASKED = "asked"
    """Before the owner, or without one."""
    LATER = "asked later"
    """Only if those before it, of which one was never asked, do not have the project."""
    AFTER_OWNER = "after the owner"
    AFTER_STOP = "after a stop"
    """One before it fails, and has ``on_failure: stop``."""
    INACTIVE = "inactive"
    PATTERNS = "patterns"
    """Its own ``projects`` or ``excluded_projects`` leave the name out."""
    RESERVED = "reserved for others"
    LOCAL = "hidden by local"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownView:
    """An upstream's newest answer: a page (``found``) or "no such project".

    Confirmed at ``checked_at``, the same since ``changed_at``, decides by itself until ``fresh_until`` and may stand
    in for an upstream that fails until ``usable_until`` (``None``: it may not, or for ever while offline).
    ``conditional``: it is asked again with its ETag or date. ``newest`` is the highest of ``releases`` versions;
    ``unhashed`` files are listed without a sha256.
    """

    found: bool
    checked_at: float
    changed_at: float
    fresh_until: float
    usable_until: float | None
    conditional: bool = False
    url: str | None = None
    files: int = 0
    releases: int = 0
    newest: str | None = None
    unhashed: int = 0
    status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamView:
    """One upstream and the project. ``position`` counts from 1, in the order in which upstreams are asked.

    ``next`` tells that the next request asks it. ``rest``: it is not asked now; ``rest_is_old``: so said a server
    that was not heard of since. ``recorded``: so many files got their sha256 at their first download here.
    ``projects`` and ``excluded_projects`` are its patterns.
    """

    position: int
    name: str
    index_url: str
    active: bool
    on_failure: str
    projects: tuple[str, ...]
    excluded_projects: tuple[str, ...]
    role: Role
    known: KnownView | None
    next: bool
    rest: Rest | None
    rest_is_old: bool
    recorded: int
    failures: tuple[Failure, ...]

    failing: Failure | None
    """The failure of its page that is newer than what is known of it; one of ``failures``."""

    @property
    def is_hidden(self) -> bool:
        """Whether it has the project, but its page is not the one that is served."""
        return self.role not in (Role.OWNER, Role.ASKED, Role.LATER) and self.known is not None and self.known.found


@dataclass(frozen=True, slots=True)
class KeptView:
    """What is kept of a project: ``names`` files with ``bytes``, those with two names once.

    ``files`` are all of them or, where only some were wanted, those kept last; ``releases`` are theirs, the highest
    last.
    """

    names: int = 0
    bytes: int = 0
    files: tuple[KeptFile, ...] = ()
    releases: tuple[str, ...] = ()


class FileState(enum.StrEnum):
    """What clients get for a file."""

    LOCAL = "local"
    CACHED = "cached"
    FETCHED = "fetched"
    """It is not here; the next request fetches it."""
    NOT_LISTED = "not listed"
    UNANSWERED = "unanswered"
    """The project itself is not answered now."""
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingView:
    """A file as one upstream's newest known page lists it, values verbatim.

    ``recorded_sha256`` was learned at the first download, where the page lists none. ``url`` is without its query,
    which may be a signature. ``extracted``: the upstream offers no metadata file, but here one is offered.
    """

    upstream: str
    url: str
    size: int | None
    hashes: Mapping[str, str]
    recorded_sha256: str | None
    upload_time: str | None
    yanked: bool | str
    requires_python: str | None
    core_metadata: bool | Mapping[str, str]
    extracted: bool = False

    @property
    def sha256(self) -> str | None:
        """The one that copies must have: listed, else recorded."""
        return self.hashes.get("sha256") or self.recorded_sha256


@dataclass(frozen=True, slots=True)
class CopyView:
    """A kept copy and where it lies; no ``path``: its bytes have gone from the disk."""

    file: KeptFile
    path: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """One file. ``link`` is its address on the project's page, below the server's root; ``sources`` are asked in order.

    ``sha256`` is the one in the link. ``listings`` are those of every upstream, also of those whose page is hidden.
    """

    filename: str
    asked_as_metadata: bool
    state: FileState
    link: str | None
    sha256: str | None
    size: int | None
    sources: tuple[str, ...]
    listings: tuple[ListingView, ...]
    copies: tuple[CopyView, ...]
    failures: tuple[tuple[str, Failure], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The whole story of ``project``, asked for as ``given``, at ``now``.

    ``status`` is the HTTP status that a client gets for the page (``None``: nobody can tell), ``error`` the sentence
    with it. ``because`` are the failures behind a stale page or an error. ``reserved_for``: upstreams to whose explicit
    ``projects`` the name belongs.
    ``unreadable`` are those of ``local_files`` that are not listed, each with the reason.
    """

    given: str
    project: NormalizedName
    now: float
    state: State
    owner: str | None
    degraded: bool
    status: int | None
    error: str | None
    because: tuple[str, ...]
    decides_until: float | None
    offline: bool
    reserved_for: tuple[str, ...]
    local_files: tuple[str, ...]
    upstreams: tuple[UpstreamView, ...]
    kept: KeptView = field(default_factory=KeptView)
    unreadable: Mapping[str, str] = field(default_factory=dict)
    file: FileView | None = None

    @property
    def is_known(self) -> bool:
        """Whether anything at all is known of the name here."""
        seen = any(view.known or view.failures for view in self.upstreams)
        return bool(seen or self.local_files or self.kept.files or self.reserved_for)

    @property
    def all_unreadable(self) -> bool:
        """Whether the project is local, and nothing of it can be listed."""
        return bool(self.local_files) and len(self.unreadable) == len(self.local_files)

    def upstream(self, name: str) -> UpstreamView:
        """The upstream of this name, which must be one."""
        return next(view for view in self.upstreams if view.name == name)
