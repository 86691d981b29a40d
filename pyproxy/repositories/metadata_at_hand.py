"""Metadata files as they were answered last, in memory: a resolver asks for the same hundred again and again.

Which answer is right depends on more than the address: on the page that advertises a hash, on the wheel that may have
come since, on a purge. All of these make the project's page be decided anew. So an answer holds as long as the decision
that it was given under, and not a moment longer. Where several processes decide, one does not hear of all of these from
the others at once, and nothing is remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from typing import NamedTuple

from pyproxy.repositories.base import FileContent, FileRequest, ProjectPage
from pyproxy.repositories.bounded_cache import BoundedCache
from pyproxy.repositories.content import BytesContent
from pyproxy.simple.model import NormalizedName

LIMIT_BYTES = 8 * 1024 * 1024
"""Of metadata files in memory; those of an install of 300 projects."""

LARGEST_BYTES = 64 * 1024
"""Larger ones are few."""


class _Answered(NamedTuple):
    """``page``: the decision under which it holds."""

    page: ProjectPage
    body: bytes
    sha256: str
    upstream: str


class MetadataAtHand:
    """Remembers answers, if this process is ``alone``; ``note_use`` hears of the sha256 of each that is given again."""

    def __init__(self, note_use: Callable[[str], None], *, alone: bool) -> None:
        self._note_use = note_use
        self._alone = alone
        self._answered = BoundedCache[tuple[str, str, str], _Answered](LIMIT_BYTES, lambda answer: len(answer.body))

    def get(self, project: NormalizedName, filename: str, wheel: str, page: ProjectPage | None) -> BytesContent | None:
        """The metadata file of the wheel with this sha256, or of the one that the page lists now, where that is empty.

        ``page`` is how the project's page is decided now.
        """
        answered = self._answered.get((project, filename, wheel))
        if answered is None or page is None or answered.page is not page:
            return None
        self._note_use(answered.sha256)
        return BytesContent(answered.body, sha256=answered.sha256, upstream=answered.upstream)

    async def take(self, request: FileRequest, content: FileContent, page: ProjectPage | None) -> FileContent:
        """The same content, read if it is small, and remembered under ``page``. Raises what reading it raises."""
        size, sha256 = content.size, content.sha256
        if size is None or size > LARGEST_BYTES or sha256 is None or request.head:
            return content  # of a file that is only listed, in answer to a HEAD, there are no bytes
        try:
            async with aclosing(content.chunks(0, size)) as chunks:
                body = b"".join([chunk async for chunk in chunks])
        finally:
            content.close()
        if self._alone and page is not None:
            answered = _Answered(page, body, sha256, content.upstream)
            self._answered.put((request.project, request.filename, request.sha256 or ""), answered)
        read = BytesContent(body, sha256=sha256, upstream=content.upstream)
        read.cache_status = content.cache_status
        return read
