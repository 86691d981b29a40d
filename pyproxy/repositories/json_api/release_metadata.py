"""What a release says of itself, as far as it can be had without downloading a distribution for it.

In this order: the metadata file beside a wheel where one is advertised (PEP 658), the METADATA of a wheel that is here
or can be read out of its end, the PKG-INFO of a source distribution that is here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from pyproxy.errors import PyproxyError, StorageError, UpstreamError, UpstreamTimeout
from pyproxy.repositories.base import FileContent, FileRequest
from pyproxy.repositories.bounded_cache import BoundedCache
from pyproxy.repositories.files import UpstreamFiles
from pyproxy.repositories.local import LocalRepository
from pyproxy.repositories.recent_failures import RecentFailures
from pyproxy.repositories.stored import StoredContents
from pyproxy.simple.legacy_json.info import OwnMetadata
from pyproxy.simple.legacy_json.work import Describing
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import METADATA_SUFFIX
from pyproxy.storage.distributions import METADATA_LIMIT, OVER_LONG, DistributionUnreadable, read_sdist_metadata

log = logging.getLogger(__name__)

KEPT_LIMIT = 4 * 1024 * 1024
"""Bytes of metadata that stay in memory."""

_Key = tuple[NormalizedName, Sequence[Describing]]


_Looked = OwnMetadata | UpstreamError | None


class ReleaseMetadata:
    """Finds the metadata of releases. ``local`` is ``None`` without a local directory."""

    def __init__(
        self,
        *,
        local: LocalRepository | None,
        files: UpstreamFiles,
        stored: StoredContents,
        clock: Callable[[], float],
    ) -> None:
        self._local = local
        self._files = files
        self._stored = stored
        # By the distribution's sha256: the same bytes always say the same.
        self._kept = BoundedCache[str, OwnMetadata](KEPT_LIMIT, lambda metadata: len(metadata.content))
        self._failures = RecentFailures(clock)
        self._looking: dict[_Key, asyncio.Task[_Looked]] = {}

    async def get(
        self, project: NormalizedName, describing: Sequence[Describing], *, local: bool, wait: float
    ) -> OwnMetadata | None:
        """The metadata in the first of the files that has any; ``None`` where nobody knows.

        Raises `UpstreamError` for what is advertised and cannot be had now, or not within ``wait`` seconds.
        """
        for each in describing:
            kept = self._kept.get(each.sha256 or "")
            if kept is not None:
                return kept
        key = project, tuple(describing)
        task = self._looking.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._look(project, describing, local))
            self._looking[key] = task
            task.add_done_callback(lambda _: self._looking.pop(key, None))
        done, _ = await asyncio.wait({task}, timeout=wait)
        if done:
            looked = task.result()
        else:
            looked = UpstreamTimeout(project, f"has metadata that did not come within {wait:.3g} s")
            self._failures.add(project, looked)
        if isinstance(looked, UpstreamError):
            raise looked
        return looked

    async def _look(self, project: NormalizedName, describing: Sequence[Describing], local: bool) -> _Looked:
        failed = self._failures.get(project)
        for each in describing:
            try:
                found = await self._read(project, each, local, may_ask=failed is None)
            except (DistributionUnreadable, StorageError) as error:
                log.debug("%s: no metadata from %s: %s", project, each.filename, error)
            except PyproxyError as error:
                log.debug("%s: the metadata of %s: %s", project, each.filename, error)
                failed = UpstreamError(project, f"has metadata that cannot be had: {error}")
                self._failures.add(project, failed)
            else:
                if found is not None:
                    if each.sha256 is not None:
                        self._kept.put(each.sha256, found)
                    return found
        return failed

    async def _read(
        self, project: NormalizedName, each: Describing, local: bool, *, may_ask: bool
    ) -> OwnMetadata | None:
        if not each.filename.endswith(".whl"):
            path = self._path(project, each, local)
            if path is None:
                return None
            content = await asyncio.get_running_loop().run_in_executor(None, read_sdist_metadata, path)
            return OwnMetadata(content, "sdist")
        name = each.filename + METADATA_SUFFIX
        request = FileRequest(project=project, filename=name, sha256=each.sha256, sparing=True)
        if local:
            assert self._local is not None
            metadata: FileContent | None = await self._local.get_file(request)
        elif each.sidecar and may_ask:
            metadata = await self._files.get_file(request)
        else:
            metadata = await self._files.cached(request)
        return None if metadata is None else OwnMetadata(await _whole(metadata), "wheel")

    def _path(self, project: NormalizedName, each: Describing, local: bool) -> Path | None:
        if local:
            assert self._local is not None
            return self._local.path_of(project, each.filename)
        stored = self._stored.find(project, each.filename, each.sha256) if each.sha256 is not None else None
        return None if stored is None else stored.path


async def _whole(content: FileContent) -> bytes:
    """The bytes of a metadata file; raises `DistributionUnreadable` for more than any has."""
    body = bytearray()
    try:
        async for chunk in content.chunks(0, None):
            body += chunk
            if len(body) > METADATA_LIMIT:
                raise DistributionUnreadable(OVER_LONG)
    finally:
        content.close()
    return bytes(body)
