"""What every repository answers, whatever stands behind it.

A repository is anything that answers the three questions of `Repository`: a folder of local files, an upstream,
or several of them combined. `ProjectNotFound` means "not mine, ask the next"; any other error means "unknown",
and must never be taken for "does not exist".
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pyproxy.net.stretch import Piece as Piece
from pyproxy.net.stretch import Stretch as Stretch
from pyproxy.repositories.ranges import WantedRange
from pyproxy.repositories.resolution import Freshness
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.negotiate import Format
from pyproxy.simple.offered import NOTHING_OFFERED, OfferedMetadata
from pyproxy.simple.work import Rendered

LOCAL = "local"
"""Stands where an upstream's name would: the answer came from the local directory."""


class PageBody(Protocol):
    """Where the canonical form of a page can be had (zlib-compressed, ``simple.canonical``).

    Raises `PageGone` when a newer page or a purge has taken its place since: then it must be decided anew.
    """

    def __call__(self) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPage:
    """A decided project page, not rendered yet.

    ``tag`` names the content, and ``body`` gives its canonical form. ``recorded`` holds sha256 values (hex) that were
    learned for files listed without one, ``offered`` says which wheels get metadata files here; ``recorded_tag`` names
    both (`tag_of`). It was decided at ``decided_at`` and holds until ``fresh_until`` (unix seconds). ``degraded``: a
    more trusted upstream failed without a known answer, so this one may not be the owner.
    ``stale_because``: a token for the ``Cache-Status`` of a stale page.
    """

    project: NormalizedName
    upstream: str
    tag: str
    body: PageBody = field(repr=False)
    freshness: Freshness
    degraded: bool = False
    decided_at: float = 0.0
    fresh_until: float = 0.0
    recorded: Mapping[str, str] = field(default_factory=dict)
    offered: OfferedMetadata = NOTHING_OFFERED
    recorded_tag: str = ""
    stale_because: str = ""


def tag_of(recorded: Mapping[str, str], offered: OfferedMetadata = NOTHING_OFFERED) -> str:
    """Names what was learned here by its content; empty for nothing."""
    if not recorded and offered == NOTHING_OFFERED:
        return ""
    learned = sorted(recorded.items()), offered.every, sorted(offered.names)
    return hashlib.sha256(repr(learned).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRequest:
    """What a client asks of a file.

    ``sha256`` is the one in the link (lower-case hex), ``None`` for the address without one; for a ``.metadata``
    file it is its wheel's. ``range``: only these bytes are wanted. ``head``: only the size is wanted. ``sparing``: this
    metadata file is not worth fetching its wheel for.
    """

    project: NormalizedName
    filename: str
    sha256: str | None = None
    range: WantedRange | None = None
    head: bool = False
    sparing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAnswer:
    """The list in one format and coding: ``size`` bytes, which ``pieces`` yields; ``close`` must be called.

    ``etag_base`` names the content before any coding. ``upstream`` is whose list it is, empty for the names known
    here. It holds until ``fresh_until`` (unix seconds). ``stale_because``: a token for the ``Cache-Status`` of a stale
    list.
    """

    etag_base: str
    size: int
    pieces: Callable[[], AsyncGenerator[Piece]] = field(repr=False)
    close: Callable[[], None] = field(repr=False)
    upstream: str = ""
    freshness: Freshness = Freshness.HIT
    fresh_until: float = 0.0
    stale_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonAnswer:
    """A document of the legacy JSON API, ready to be sent; ``rendered`` holds URLs of the address it was made for.

    ``freshness``, ``stale_because`` and ``degraded`` as in `ProjectPage`; it holds until ``fresh_until`` (unix
    seconds, 0 for not at all). ``made`` is a token where the document was made here: ``made``, or
    ``made-after-timeout`` and the like where the upstream may have one.
    """

    rendered: Rendered = field(repr=False)
    upstream: str
    freshness: Freshness
    stale_because: str = ""
    degraded: bool = False
    fresh_until: float = 0.0
    made: str = ""


class FileContent(Protocol):
    """A file on disk, arriving, or passed through by range: one shape for all three.

    ``size`` is the whole file's, in bytes, ``None`` while nobody knows it. ``sha256`` is ``None`` for a file whose
    hash nobody has listed and that is not verified yet.
    """

    @property
    def size(self) -> int | None: ...

    @property
    def sha256(self) -> str | None: ...

    @property
    def upstream(self) -> str: ...

    @property
    def cache_status(self) -> str:
        """The outcome in RFC 9211's words: ``hit``, ``fwd=miss`` or ``fwd=miss; collapsed``."""

    @property
    def kept_as(self) -> str | None:
        """The path of the whole file below the folder of kept files; ``None`` where it does not lie there."""

    def chunks(self, start: int, stop: int | None) -> AsyncGenerator[bytes]:
        """The bytes from ``start`` up to ``stop`` (exclusive; ``None``: the end).

        Raises `UpstreamError` when the rest cannot be had: what was yielded so far must then end as a broken
        response.
        """

    def pieces(self, start: int, stop: int | None) -> AsyncGenerator[Piece]:
        """The same bytes, left in the file they lie in where they lie in one; raises as ``chunks`` does.

        A stretch must be used before the next one is asked for.
        """

    async def settle(self) -> None:
        """Wait until the whole file is here and verified, so that ``size`` is known; raises as ``chunks`` does."""

    def close(self) -> None:
        """Let go of what is held open; the transfer behind it goes on."""


class FileInMemory(FileContent, Protocol):
    """A small file that was read."""

    @property
    def body(self) -> bytes: ...


class Repository(Protocol):
    """Answers for projects and files."""

    async def get_project_list(self, format: Format, *, gzip: bool) -> ListAnswer:
        """The list of projects at ``/simple/``, in one format and coding; as `project_list.ProjectLists`."""

    async def get_project_detail(self, project: NormalizedName) -> ProjectPage:
        """The project's page.

        Raises `ProjectNotFound` (every upstream that may be asked said so), `ProjectUnavailable` (some failed and
        nothing better is known), `NotAnswered` (nobody may be asked).
        """

    def at_hand(self, project: str) -> ProjectPage | None:
        """The page that ``get_project_detail`` would give, where that needs no waiting; ``None``: ask there.

        Of a spelling that is not normalised nothing is ever at hand.
        """

    def file_at_hand(self, project: str, filename: str, sha256: str, limit: int) -> FileInMemory | None:
        """The file that ``get_file`` would give, if it is kept, of at most ``limit`` bytes, and read without a wait.

        ``sha256`` is empty for the address without one, at which only metadata files are ever at hand.

        Of a spelling that is not normalised nothing is ever at hand.
        """

    async def get_project_json(self, project: NormalizedName, version: str | None, base: str) -> JsonAnswer:
        """The legacy JSON API's document of the project, or of a release, with file URLs below ``base``.

        Raises as ``get_project_detail`` does, and `ReleaseNotFound`.
        """

    async def get_file(self, request: FileRequest) -> FileContent:
        """The file, from its verified copy or as it arrives; ``.metadata`` files too.

        Raises `FileNotListed` or `ProjectNotFound` (nobody lists it), `ProjectUnavailable` and `UpstreamError`
        (somebody may, but failed), `NotAnswered`.
        """
