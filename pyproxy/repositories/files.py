"""Files of upstreams: the verified copy, the transfer under way, or a new one.

A cached copy is served without asking anybody, however old the page that led to it. Otherwise the file is fetched
from the first upstream that lists it (``listings.py``), and kept once verified (``transfers.py``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from pyproxy.errors import NotKnownOffline, UpstreamError
from pyproxy.net.arriving_file import ArrivingFile
from pyproxy.repositories.arriving import ArrivingContent, ListedContent, PassedThroughContent
from pyproxy.repositories.base import FileContent, FileRequest
from pyproxy.repositories.content import BytesContent
from pyproxy.repositories.listings import ListedFile, Listings
from pyproxy.repositories.metadata import MetadataFiles
from pyproxy.repositories.ranges import Unsatisfiable
from pyproxy.repositories.stored import StoredContents
from pyproxy.repositories.transfers import Transfers, key_of
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import is_metadata

log = logging.getLogger(__name__)

AHEAD_BYTES = 4 * 1024 * 1024
"""A range of an arriving file that begins no farther ahead than this is waited for."""


class UpstreamFiles:
    """Answers requests for files that upstreams list. ``whole_file_below`` is in bytes."""

    def __init__(
        self,
        *,
        listings: Listings,
        transfers: Transfers,
        stored: StoredContents,
        metadata: MetadataFiles,
        whole_file_below: int,
        forget_page: Callable[[NormalizedName], None],
    ) -> None:
        self._listings = listings
        self._transfers = transfers
        self._stored = stored
        self._metadata = metadata
        self._whole_file_below = whole_file_below
        self._forget_page = forget_page

    async def get_file(self, request: FileRequest) -> FileContent:
        """The file, as `base.Repository` promises."""
        if is_metadata(request.filename):
            return await self._metadata.get(request)
        if request.sha256 is not None:
            return await self._by_hash(request, None)
        listed = await self._listings.on_page(request.project, request.filename)
        if listed.sha256 is not None:
            return await self._by_hash(replace(request, sha256=listed.sha256), listed)
        return await self._fetched(request, listed)

    async def cached(self, request: FileRequest) -> FileContent | None:
        """The verified copy with the sha256 of the request, if it is here; nobody is asked."""
        if is_metadata(request.filename):
            return await self._metadata.cached(request)
        if request.sha256 is None:
            return None
        return self._stored.open(request.project, request.filename, request.sha256)

    def at_hand(self, project: NormalizedName, filename: str, sha256: str, limit: int) -> BytesContent | None:
        """The verified copy of at most ``limit`` bytes, if it is here and can be read at once; of no metadata file."""
        return self._stored.at_hand(project, filename, sha256, limit)

    async def _by_hash(self, request: FileRequest, listed: ListedFile | None) -> FileContent:
        assert request.sha256 is not None
        name = (request.project, request.filename, request.sha256)
        stored = self._stored.open(*name) or await self._stored.open_after_a_look(*name)
        if stored is not None:
            return stored
        running = self._transfers.running(key_of(*name))
        if running is not None and self._answers(running, request):
            await running.ready()
            return ArrivingContent(running, sha256=request.sha256, joined=True)
        if listed is None:
            listed = await self._listings.first(*name)
        adopted = await self._stored.adopt(*name, upstream=listed.upstream.name)
        return adopted or await self._fetched(request, listed)

    async def _fetched(self, request: FileRequest, listed: ListedFile) -> FileContent:
        """The file from the upstreams: its size only, a range of it, or the whole."""
        if self._listings.offline:
            raise NotKnownOffline(f"offline, and {request.filename} is not in the cache")
        if request.head or request.range is not None:
            size = await self._size(request, listed)
            part = None if size is None else await self._part(request, listed, size)
            if part is not None:
                return part
        if listed.sha256 is not None:
            download, joined = self._transfers.download(listed)
        else:
            download, joined = self._transfers.first_download(
                listed, on_recorded=lambda: self._forget_page(request.project)
            )
        await download.ready()
        return ArrivingContent(download, sha256=listed.sha256, joined=joined)

    async def _size(self, request: FileRequest, listed: ListedFile) -> int | None:
        """The listed size, else what the upstream says; ``None`` where that takes to begin the download."""
        if listed.link.size is not None:
            return listed.link.size
        try:
            return await self._transfers.size(listed)
        except UpstreamError as error:
            # Not every upstream can HEAD; and what its GET comes to, or another upstream's, decides.
            log.debug("the size of %s: %s", request.filename, error)
            return None

    async def _part(self, request: FileRequest, listed: ListedFile, size: int) -> FileContent | None:
        """The answer to HEAD, or the wanted range where the file is large and the upstream can do it."""
        only_size = ListedContent(size=size, sha256=listed.sha256, upstream=listed.upstream.name)
        if request.range is None:
            return only_size
        try:
            start, stop = request.range.resolve(size)
        except Unsatisfiable:
            return only_size  # enough to say 416
        if size < self._whole_file_below:
            return None
        try:
            transfer = self._transfers.range(listed, start, stop, size)
            await transfer.open()
        except UpstreamError as error:
            log.debug("a range of %s: %s", request.filename, error)
            return None  # the whole file may still be had, there or elsewhere
        return PassedThroughContent(transfer, size=size, sha256=listed.sha256, upstream=listed.upstream.name)

    def _answers(self, running: ArrivingFile, request: FileRequest) -> bool:
        """Whether a transfer under way is the quickest answer: to HEAD only once it is whole."""
        return running.complete or not (request.head or self._is_far_ahead(running, request))

    def _is_far_ahead(self, running: ArrivingFile, request: FileRequest) -> bool:
        """Whether the wanted range lies so far ahead of what has arrived that asking for it apart is quicker."""
        if request.range is None or running.size is None or running.size < self._whole_file_below:
            return False
        try:
            start, _ = request.range.resolve(running.size)
        except Unsatisfiable:
            return False
        return start > running.released + AHEAD_BYTES
