"""What a whole, verified wheel says of itself, kept where its upstream offers no metadata files.

What was read before by ranges, unverified, is compared with it: a difference means that an upstream sent other bytes
for a part of a file than for the whole. That is an alarm, and the wheel's own METADATA rules from then on.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyproxy.errors import HashMismatch, StorageError
from pyproxy.repositories.listings import ListedFile
from pyproxy.repositories.observer import Asked, Observer
from pyproxy.repositories.stored import StoredContents
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import METADATA_SUFFIX
from pyproxy.storage.distributions import DistributionUnreadable, read_wheel_metadata
from pyproxy.storage.extracted import Extracted, ExtractedMetadata, WheelName
from pyproxy.storage.files import StoredFile

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedWheels:
    """Looks at wheels as they are kept.

    ``upstreams`` are the names by id. ``forget_page`` is called when a wheel turns out to have no METADATA, so that
    its page no longer offers any, or another than was answered, so that nobody is answered that again.
    """

    extracted: ExtractedMetadata
    stored: StoredContents
    observer: Observer
    upstreams: Mapping[int, str]
    forget_page: Callable[[NormalizedName], None]

    async def look(self, listed: ListedFile, sha256: str) -> None:
        """The file that this listing led to was kept under this sha256; raises nothing."""
        project, filename = listed.project, listed.link.filename
        if not filename.endswith(".whl") or listed.link.core_metadata is not False:
            return
        kept = self.stored.find(project, filename, sha256)
        if kept is None:
            return
        try:
            metadata = await asyncio.get_running_loop().run_in_executor(None, _read, kept)
            await self._take(listed, sha256, metadata)
        except StorageError as error:
            log.warning("the metadata of %s is not kept: %s", filename, error)

    async def _take(self, listed: ListedFile, sha256: str, metadata: bytes | None) -> None:
        project, filename = listed.project, listed.link.filename
        own = Extracted(sha256, metadata, verified=True)
        read_before = self.extracted.unverified(project, filename, (sha256, wheel_of(listed)))
        others = [upstream_id for upstream_id, before in read_before.items() if before.metadata != metadata]
        for upstream_id in others:
            self._alarm(upstream_id, project, filename)
        for upstream_id in {listed.upstream.upstream_id, *read_before}:
            await self.extracted.put(WheelName(upstream_id, project, filename), own)
        if metadata is None:
            log.warning("%s has no metadata that can be read: none is offered for it", filename)
        if metadata is None or others:
            self.forget_page(project)

    def _alarm(self, upstream_id: int, project: NormalizedName, filename: str) -> None:
        name = self.upstreams.get(upstream_id, "that was removed")
        error = HashMismatch(
            name,
            f"sent other METADATA of {filename} as a part of it than the whole, verified wheel has: clients may have "
            "been given wrong dependencies; the wheel's own are served from now on",
        )
        log.error("%s", error)
        self.observer.asked(
            Asked(
                upstream_id=upstream_id,
                upstream=name,
                route="metadata",
                project=project,
                filename=filename + METADATA_SUFFIX,
                error=error,
            )
        )


def wheel_of(listed: ListedFile) -> str:
    """Which bytes a listing names: by their sha256, else by the address, without what may be a signature."""
    return listed.sha256 or listed.link.url.partition("?")[0]


def digest_of(metadata: bytes) -> str:
    """The sha256 of a metadata file."""
    return hashlib.sha256(metadata).hexdigest()


def _read(kept: StoredFile) -> bytes | None:
    """``None`` where the wheel has no METADATA; raises `StorageError` where it cannot be looked at."""
    with kept.open() as stream:
        try:
            return read_wheel_metadata(stream)
        except DistributionUnreadable as error:
            log.debug("%s: %s", kept.path, error)
            return None
