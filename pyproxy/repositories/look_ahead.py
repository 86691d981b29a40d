"""Asking for the project pages that an installer will want next, while it is still busy with what it has got.

pip asks for one thing at a time: a page, the metadata that it chose there, the page of the first requirement in it. So
it waits for an upstream once for each page, and while it reads one answer, nobody asks anything. The metadata that is
served tells which pages come next, so they are asked for in that moment. They are decided as for a client: by the same
upstreams in the same order, and nobody is asked for what is known and fresh. Whoever wants such a page meanwhile joins
those who ask.

uv asks for all that it knows of at once. Nothing is looked ahead for it, nor where others keep the server as busy.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from packaging.requirements import InvalidRequirement, Requirement

from pyproxy.errors import InvalidProjectName, PyproxyError
from pyproxy.net.lull import Lull
from pyproxy.repositories.base import FileContent, ProjectPage
from pyproxy.repositories.bounded_cache import BoundedCache
from pyproxy.simple.core_metadata import read_core_metadata
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import normalize

log = logging.getLogger(__name__)

BUSY = 8
"""With so much arriving from upstreams, clients do not wait for one thing after the other."""

MOST_PAGES = 32
"""Pages asked for ahead at a time."""

READ_BYTES = 64 * 1024
"""Of a metadata file: its fields come first, and then a description."""

MOST_REQUIREMENTS = 200
"""Of one metadata file; each takes some 20 microseconds to read."""

LONGEST_REQUIREMENT = 500
"""Characters of one that has neither a marker nor an address."""

REMEMBERED_NAMES = 20_000
"""Names that metadata files required, kept at hand; the next install reads none of them again."""

Required = tuple[NormalizedName, ...]


class LookAhead:
    """Reads what metadata requires. ``find`` decides a page, as for a client; ``at_hand`` tells whether it is known."""

    def __init__(
        self,
        find: Callable[[NormalizedName], Awaitable[ProjectPage]],
        *,
        at_hand: Callable[[NormalizedName], bool],
        lull: Lull,
    ) -> None:
        self._find = find
        self._at_hand = at_hand
        self._lull = lull
        # By the metadata's sha256: the same bytes always require the same.
        self._required = BoundedCache[str, Required](REMEMBERED_NAMES, lambda names: 1 + len(names))
        self._asking: dict[NormalizedName, asyncio.Task[None]] = {}

    async def after(self, metadata: FileContent) -> None:
        """Ask for the pages that somebody will want who gets this metadata now; returns before they are here."""
        if metadata.sha256 is None or self._lull.arriving_now >= BUSY:
            return
        try:
            required = await self._read(metadata, metadata.sha256)
        except PyproxyError:
            return  # whoever sends it meets the same
        for project in required:
            if len(self._asking) >= MOST_PAGES:
                return
            if project not in self._asking and not self._at_hand(project):
                task = asyncio.get_running_loop().create_task(self._ask(project), name=f"look ahead at {project}")
                self._asking[project] = task

    async def _read(self, metadata: FileContent, sha256: str) -> Required:
        required = self._required.get(sha256)
        if required is None:
            required = required_names(await _beginning(metadata))
            self._required.put(sha256, required)
        return required

    async def _ask(self, project: NormalizedName) -> None:
        try:
            await self._find(project)
        except PyproxyError as error:  # who wants the page will be told
            log.debug("looked ahead at %s: %s", project, error)
        except Exception:  # the end of a task: nobody else would see it
            log.exception("looking ahead at %s failed", project)
        finally:
            del self._asking[project]


def required_names(metadata: bytes) -> Required:
    """The projects that whoever installs this needs from an index, whatever its platform and without any extra.

    ``metadata`` may end anywhere. What is no requirement requires nothing.
    """
    texts = read_core_metadata(_fields(metadata)).get("requires_dist", [])
    names = dict.fromkeys(map(_required_name, texts[:MOST_REQUIREMENTS]))
    return tuple(name for name in names if name is not None)


def _fields(metadata: bytes) -> bytes:
    """Without the description, which takes most of the time to read."""
    ends = [end for blank in (b"\n\n", b"\r\n\r\n") if (end := metadata.find(blank)) >= 0]
    return metadata[: min(ends) + 1] if ends else metadata[: metadata.rfind(b"\n") + 1]


def _required_name(text: str) -> NormalizedName | None:
    if ";" in text or len(text) > LONGEST_REQUIREMENT:
        return None  # with a marker, most likely for an extra or another platform
    try:
        requirement = Requirement(text)
        return normalize(requirement.name) if requirement.url is None else None
    except (InvalidRequirement, InvalidProjectName):
        return None


async def _beginning(metadata: FileContent) -> bytes:
    stop = READ_BYTES if metadata.size is None else min(READ_BYTES, metadata.size)
    async with aclosing(metadata.chunks(0, stop)) as chunks:
        return b"".join([chunk async for chunk in chunks])
