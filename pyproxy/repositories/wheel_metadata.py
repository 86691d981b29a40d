"""Metadata files for wheels whose upstream offers none: METADATA is read out of the wheel itself.

From some kilobytes of its end where the upstream sends parts of files, else from the whole wheel, which is then
verified and kept as if it had been asked for. What was read is kept and answers from then on, also after a restart and
offline. Clients take a metadata file that is listed and cannot be had for the end of an install: so it is listed only
where it can be read, and the whole wheel is the last resort for every failure but a time-out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import NamedTuple

from pyproxy.errors import FileNotListed, StorageError, UpstreamError, UpstreamStatus, UpstreamTimeout
from pyproxy.net.arriving_file import ArrivingFile
from pyproxy.repositories.arrived_wheels import digest_of, wheel_of
from pyproxy.repositories.content import BytesContent
from pyproxy.repositories.listings import ListedFile
from pyproxy.repositories.transfers import Transfers
from pyproxy.repositories.wheel_tails import LARGE_TAIL_BYTES, RangesRefused, WheelTails
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.offered import NOTHING_OFFERED, OfferedMetadata
from pyproxy.storage.distributions import DistributionUnreadable
from pyproxy.storage.extracted import Extracted, ExtractedMetadata, WheelName
from pyproxy.storage.partial_wheel import PartialWheel, Span

log = logging.getLogger(__name__)


class _Found(NamedTuple):
    """METADATA, and of which bytes it is (`Extracted`)."""

    metadata: bytes
    wheel: str
    verified: bool


class _Reading(NamedTuple):
    """One wheel's METADATA on its way."""

    read: asyncio.Task[_Found]
    keeping: asyncio.Task[None]


class WheelMetadata:
    """Reads, keeps and answers METADATA of upstreams' wheels. ``forget_page``: a sha256 was recorded on the way."""

    def __init__(
        self,
        *,
        extracted: ExtractedMetadata,
        tails: WheelTails,
        transfers: Transfers,
        forget_page: Callable[[NormalizedName], None],
    ) -> None:
        self._extracted = extracted
        self._tails = tails
        self._transfers = transfers
        self._forget_page = forget_page
        self._reading: dict[tuple[WheelName, str, bool], _Reading] = {}

    def apply_to(self, listed: ListedFile) -> bool:
        """Whether the listed file is a wheel for which its upstream offers no metadata file."""
        return listed.link.core_metadata is False and listed.link.filename.endswith(".whl")

    def known(self, listed: ListedFile) -> BytesContent | None:
        """What was read before; nobody is asked. Raises `FileNotListed` for a wheel that has none."""
        known = self._extracted.get(_name(listed))
        if known is None or known.wheel != wheel_of(listed):
            return None
        if known.metadata is None:
            raise FileNotListed(f"{listed.link.filename} has no metadata that can be read")
        return _content(known.metadata, listed, "hit")

    async def get(self, listed: ListedFile, *, sparing: bool) -> BytesContent:
        """The METADATA, read now; once, however many ask.

        Raises `FileNotListed` where the wheel turns out to have none, `DistributionUnreadable` where it takes the whole
        wheel and who asks is ``sparing``, else as `Repository.get_file` does.
        """
        key = _name(listed), wheel_of(listed), sparing
        reading = self._reading.get(key)
        status = "fwd=miss; collapsed"
        if reading is not None and reading.read.done():
            status = "hit"  # here; only its place in the database is still being made sure
        if reading is None:
            status = "fwd=miss"
            loop = asyncio.get_running_loop()
            read = loop.create_task(self._read(listed, sparing), name=f"metadata of {key[0].filename}")
            reading = self._reading[key] = _Reading(read, loop.create_task(self._keep_when_read(listed, read)))
            # Until it is kept: who asks in between must not ask the upstream again.
            reading.keeping.add_done_callback(lambda _: self._reading.pop(key, None))
        return _content((await asyncio.shield(reading.read)).metadata, listed, status)

    async def _read(self, listed: ListedFile, sparing: bool) -> _Found:
        try:
            metadata = await self._tails.metadata(listed)
        except (RangesRefused, DistributionUnreadable, UpstreamError) as error:
            if isinstance(error, UpstreamTimeout) or (isinstance(error, UpstreamStatus) and error.status == 429):
                raise
            log.debug("a part of %s: %s", listed.link.filename, error)
            if sparing and isinstance(error, UpstreamError):
                raise
            if sparing:
                raise DistributionUnreadable(f"it would take the whole wheel ({error})") from error
            return await self._from_whole(listed)
        return _Found(metadata, wheel_of(listed), verified=False)

    async def _from_whole(self, listed: ListedFile) -> _Found:
        """Fetch the wheel, which is kept as well; one without METADATA is remembered by ``arrived_wheels.py``."""
        if listed.sha256 is not None:
            download, _ = self._transfers.download(listed)
        else:
            download, _ = self._transfers.first_download(
                listed, on_recorded=lambda: self._forget_page(listed.project)
            )
        sha256 = await download.done
        try:
            metadata = await _out_of(download)
        except DistributionUnreadable as error:
            raise FileNotListed(f"{listed.link.filename} has no metadata that can be read: {error}") from error
        return _Found(metadata, sha256, verified=True)

    async def _keep_when_read(self, listed: ListedFile, read: asyncio.Task[_Found]) -> None:
        """Keep it, without holding up those who wait for it."""
        await asyncio.wait({read})
        if read.cancelled() or read.exception() is not None:
            return
        found = read.result()
        try:
            await self._extracted.put(_name(listed), Extracted(found.wheel, found.metadata, found.verified))
        except StorageError as error:
            log.warning("the metadata of %s is served but not kept: %s", listed.link.filename, error)


class MetadataOffers:
    """Which wheels of a page get metadata files here. ``offline``: only what is known already can be served."""

    def __init__(self, extracted: ExtractedMetadata | None, *, offline: bool) -> None:
        self._extracted = extracted
        self._offline = offline

    def of_page(self, upstream_id: int, project: NormalizedName) -> OfferedMetadata:
        """For the page of this upstream; raises `StorageError`."""
        if self._extracted is None:
            return NOTHING_OFFERED
        names = self._extracted.names(upstream_id, project, readable=self._offline)
        return OfferedMetadata(every=not self._offline, names=names)


async def _out_of(download: ArrivingFile) -> bytes:
    """METADATA out of a wheel that has come whole; raises `DistributionUnreadable`."""
    assert download.size is not None
    wheel = PartialWheel(download.size)
    span = Span(max(0, wheel.size - LARGE_TAIL_BYTES), wheel.size)
    while True:
        async with aclosing(download.reader(*span)) as reader:
            wheel.add(span.start, b"".join([piece async for piece in reader]))
        found = await asyncio.get_running_loop().run_in_executor(None, wheel.metadata)
        if isinstance(found, bytes):
            return found
        span = found


def _name(listed: ListedFile) -> WheelName:
    return WheelName(listed.upstream.upstream_id, listed.project, listed.link.filename)


def _content(metadata: bytes, listed: ListedFile, status: str) -> BytesContent:
    content = BytesContent(metadata, sha256=digest_of(metadata), upstream=listed.upstream.name)
    content.cache_status = status
    return content
