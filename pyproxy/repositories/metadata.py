"""The ``.metadata`` files beside wheels (PEP 658, PEP 714).

An advertised one answers with the advertised hash or an error, never other bytes: pip takes a difference for an
attack, uv does not even look. Where the wheel is here and verified, its own METADATA answers. Where the upstream
offers none, it is read out of the wheel (``wheel_metadata.py``).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os

from pyproxy.errors import FileNotListed, NotKnownOffline, PyproxyError, StorageError
from pyproxy.repositories.arriving import ArrivingContent
from pyproxy.repositories.base import FileContent, FileRequest
from pyproxy.repositories.bounded_cache import BoundedCache
from pyproxy.repositories.content import BytesContent
from pyproxy.repositories.listings import ListedFile, Listings
from pyproxy.repositories.stored import StoredContents
from pyproxy.repositories.transfers import Transfers
from pyproxy.repositories.wheel_metadata import WheelMetadata
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import wheel_of_metadata
from pyproxy.storage.distributions import DistributionUnreadable, read_wheel_metadata
from pyproxy.storage.files import StoredFile

log = logging.getLogger(__name__)

EXTRACTED_LIMIT = 8 * 1024 * 1024
"""Bytes of metadata, taken out of cached wheels, that stay in memory: opening the archive costs more than the rest."""

Extracted = tuple[bytes, str]
"""A wheel's METADATA and its sha256."""


class MetadataFiles:
    """Answers requests for metadata files of upstreams' wheels; ``wheels`` is ``None`` where none are made here."""

    def __init__(
        self, *, listings: Listings, transfers: Transfers, stored: StoredContents, wheels: WheelMetadata | None
    ) -> None:
        self._listings = listings
        self._transfers = transfers
        self._stored = stored
        self._wheels = wheels
        # By the wheel's sha256: the same bytes always have the same metadata.
        self._extracted = BoundedCache[str, Extracted](EXTRACTED_LIMIT, _size)

    async def get(self, request: FileRequest) -> FileContent:
        """The metadata of the wheel with ``request.sha256``; raises as `Repository.get_file` does."""
        wheel = wheel_of_metadata(request.filename)
        listed: ListedFile | None
        if request.sha256 is None:
            listed = await self._listings.on_page(request.project, wheel)
        else:
            listed = await self._listings.known_wheel(request.project, wheel, request.sha256, self._offers)
        sha256 = request.sha256 or (listed.sha256 if listed is not None else None)
        if sha256 is not None:
            own = await self._from_wheel(request.project, wheel, sha256, listed)
            if own is not None:
                return own
            listed = listed or await self._listings.first(request.project, wheel, sha256)
        assert listed is not None
        wheels = self._wheels if self._wheels is not None and self._wheels.apply_to(listed) else None
        here = self._stored_copy(request, listed) if wheels is None else wheels.known(listed)
        if here is not None:
            return here
        if self._listings.offline:
            raise NotKnownOffline(f"offline, and {request.filename} is not in the cache")
        if sha256 is not None and not self._listings.may_be_asked(listed):
            listed = await self._listings.first(request.project, wheel, sha256)
        return await self._answered(request, listed)

    async def cached(self, request: FileRequest) -> FileContent | None:
        """The metadata out of the verified wheel, if that is here; nobody is asked."""
        if request.sha256 is None:
            return None
        return await self._from_wheel(request.project, wheel_of_metadata(request.filename), request.sha256, None)

    def _offers(self, listed: ListedFile) -> bool:
        """Whether it is offered out of the wheel: of an upstream whose page is not served now, nothing is."""
        if self._wheels is None or not self._wheels.apply_to(listed):
            return False
        try:
            return self._listings.may_be_asked(listed)
        except PyproxyError:
            return False

    async def _answered(self, request: FileRequest, listed: ListedFile) -> FileContent:
        """From the upstream's metadata file, or out of its wheel."""
        if self._wheels is not None and self._wheels.apply_to(listed):
            return await self._wheels.get(listed, sparing=request.sparing)
        return await self._fetched(request, listed)

    def _stored_copy(self, request: FileRequest, listed: ListedFile) -> FileContent | None:
        sha256 = _advertised(request, listed)
        return None if sha256 is None else self._stored.open(request.project, request.filename, sha256)

    async def _fetched(self, request: FileRequest, listed: ListedFile) -> FileContent:
        download, joined = self._transfers.metadata_download(
            listed, request.filename, _advertised(request, listed), on_recorded=lambda: None
        )
        # Small, and worth nothing before it is verified: so its answer is never a broken one.
        return ArrivingContent(download, sha256=await download.done, joined=joined)

    async def _from_wheel(
        self, project: NormalizedName, wheel: str, sha256: str, listed: ListedFile | None
    ) -> FileContent | None:
        stored = self._stored.find(project, wheel, sha256)
        if stored is None:
            return None
        own = self._extracted.get(sha256)
        if own is None:
            try:
                own = await asyncio.get_running_loop().run_in_executor(None, _read, stored)
            except (DistributionUnreadable, StorageError) as error:
                log.warning("no metadata can be read from the cached %s: %s", wheel, error)
                return None
            if _size(own) <= EXTRACTED_LIMIT:
                self._extracted.put(sha256, own)
        metadata, digest = own
        advertised = listed.link.core_metadata if listed is not None else True
        if isinstance(advertised, dict) and advertised.get("sha256", digest) != digest:
            log.warning("%s: the wheel's own metadata is not what is advertised for it", wheel)
            return None
        return BytesContent(metadata, sha256=digest, upstream=stored.upstream)


def _advertised(request: FileRequest, listed: ListedFile) -> str | None:
    """The sha256 that the metadata must have: the advertised one, or that of its first download; ``None`` if unknown.

    Raises `FileNotListed` where none is offered.
    """
    advertised = listed.link.core_metadata
    if advertised is False:
        raise FileNotListed(f"{listed.upstream.name} offers no metadata file for {listed.link.filename}")
    sha256 = advertised.get("sha256") if isinstance(advertised, dict) else None
    return sha256 or listed.upstream.recorded_hashes(request.project).get(request.filename)


def _read(stored: StoredFile) -> Extracted:
    with stored.open() as stream:
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_RANDOM)  # the tail, then one member
        metadata = read_wheel_metadata(stream)
    return metadata, hashlib.sha256(metadata).hexdigest()


def _size(extracted: Extracted) -> int:
    return len(extracted[0])
