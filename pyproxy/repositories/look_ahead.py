"""Asking for the project pages that an installer will want next, while it is still busy with what it has got.

pip asks for one thing at a time: a page, the metadata that it chose there, the page of the first requirement in it. So
it waits for an upstream once for each page, and while it reads one answer, nobody asks anything. The metadata that is
served tells which pages come next, so they are asked for in that moment. They are decided as for a client: by the same
upstreams in the same order, and nobody is asked for what is known and fresh. Whoever wants such a page meanwhile joins
those who ask.

Only the least trusted upstream's metadata is read. What it names that upstream has published itself; what a private
index's or a local file's names, an installer may have from elsewhere, and never ask for here.

uv asks for all that it knows of at once. Nothing is looked ahead for it, nor where others keep the server as busy.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from itertools import islice

from packaging.requirements import InvalidRequirement, Requirement

from pyproxy.errors import InvalidProjectName, PyproxyError
from pyproxy.net.lull import Lull
from pyproxy.repositories.base import ProjectPage
from pyproxy.repositories.bounded_cache import BoundedCache
from pyproxy.repositories.content import BytesContent
from pyproxy.simple.core_metadata import end_of_fields
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import normalize

log = logging.getLogger(__name__)

BUSY = 8
"""With so much arriving from upstreams, clients do not wait for one thing after the other."""

MOST_PAGES = 32
"""Pages asked for ahead at a time."""

AT_ONCE = 4
"""Of these so many go to upstreams: one that answers slowly, or one after the other, must not be made to rest by it."""

MOST_REQUIREMENTS = 200
"""Of one metadata file; each takes some 20 microseconds to read."""

LONGEST_REQUIREMENT = 200
"""Bytes of one that has neither a marker nor an address."""

REMEMBERED_NAMES = 20_000
"""Names that metadata files required, kept at hand; the next install reads none of them again."""

_REQUIRES = re.compile(rb"^Requires-Dist:([^\r\n]*)[\r\n]", re.IGNORECASE | re.MULTILINE)

Required = tuple[NormalizedName, ...]


class LookAhead:
    """Reads what metadata of ``upstream`` requires.

    ``find`` decides a page, as for a client; ``at_hand`` tells whether nobody need be asked for it.
    """

    def __init__(
        self,
        upstream: str,
        find: Callable[[NormalizedName], Awaitable[ProjectPage]],
        *,
        at_hand: Callable[[NormalizedName], bool],
        lull: Lull,
    ) -> None:
        self._upstream = upstream
        self._find = find
        self._at_hand = at_hand
        self._lull = lull
        # By the metadata's sha256: the same bytes always require the same.
        self._required = BoundedCache[str, Required](REMEMBERED_NAMES, lambda names: 1 + len(names))
        self._asking: dict[NormalizedName, asyncio.Task[None]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    def after(self, metadata: BytesContent) -> None:
        """Ask for the pages that somebody will want who gets this metadata now; returns before they are here."""
        if metadata.upstream != self._upstream or self._lull.arriving_now >= BUSY:
            return
        required = self._required.get(metadata.sha256)
        if required is None:
            required = required_names(metadata.body)
            self._required.put(metadata.sha256, required)
        for project in required:
            if len(self._asking) >= MOST_PAGES:
                return
            if project not in self._asking and not self._at_hand(project):
                task = asyncio.get_running_loop().create_task(self._ask(project), name=f"look ahead at {project}")
                self._asking[project] = task

    async def _ask(self, project: NormalizedName) -> None:
        try:
            async with self._turns:
                if not self._at_hand(project):
                    await self._find(project)
        except PyproxyError as error:  # who wants the page will be told
            log.debug("looked ahead at %s: %s", project, error)
        except Exception:  # the end of a task: nobody else would see it
            log.exception("looking ahead at %s failed", project)
        finally:
            del self._asking[project]


def required_names(metadata: bytes) -> Required:
    """The projects that whoever installs this needs from an index, whatever its platform and without any extra.

    ``metadata`` is anything; what is no requirement on a line of its own requires nothing. Not read by
    `read_core_metadata`, which takes some milliseconds, and far longer for what somebody has made for that.
    """
    found = _REQUIRES.finditer(metadata, 0, end_of_fields(metadata) + 1)
    names = dict.fromkeys(_required_name(each[1]) for each in islice(found, MOST_REQUIREMENTS))
    return tuple(name for name in names if name is not None)


def _required_name(text: bytes) -> NormalizedName | None:
    if b";" in text or len(text) > LONGEST_REQUIREMENT:
        return None  # with a marker, most likely for an extra or another platform
    try:
        requirement = Requirement(text.decode())
        return normalize(requirement.name) if requirement.url is None else None
    except (UnicodeDecodeError, InvalidRequirement, InvalidProjectName):
        return None
