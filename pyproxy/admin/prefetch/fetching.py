"""One file after the other into the cache, by the way of every request, and what became of each.

A prefetch must not push out with its last files what it fetched first: so it keeps to ``storage.max_size`` itself, and
says what had no room. What is here already is looked at before anything is fetched, which counts as a use of it.
"""

from __future__ import annotations

from dataclasses import replace

from pyproxy.admin.amounts import data
from pyproxy.admin.prefetch.model import Outcome, Progress, State, WantedFile
from pyproxy.admin.prefetch.planning import failure
from pyproxy.errors import FileNotListed, ProjectNotFound, PyproxyError
from pyproxy.repositories.arriving import ArrivingContent
from pyproxy.repositories.base import FileContent, FileRequest
from pyproxy.repositories.content import BytesContent
from pyproxy.repositories.packages import PackageRepository
from pyproxy.simple.names import is_metadata
from pyproxy.storage.distributions import DistributionUnreadable
from pyproxy.storage.files import FileStore


class Fetching:
    """Looks for files and fetches them; ``max_size`` is the store's, in bytes."""

    def __init__(
        self, repository: PackageRepository, files: FileStore, progress: Progress, *, max_size: int | None
    ) -> None:
        self._repository = repository
        self._files = files
        self._progress = progress
        self._max_size = max_size
        self._counted: set[str] = set()
        self._bytes = 0

    async def here(self, wanted: WantedFile) -> Outcome | None:
        """The outcome for a file that need not be fetched; ``None`` for all others."""
        if wanted.local:
            return _local(wanted)
        sha256 = wanted.hashes.get("sha256") or (None if is_metadata(wanted.filename) else wanted.link_sha256)
        if sha256 is None:
            return None
        stored = self._files.find(wanted.project, wanted.filename, sha256)
        if stored is None or _wrong(wanted, sha256):
            return None
        request = FileRequest(project=wanted.project, filename=wanted.filename, sha256=sha256)
        content = await self._repository.files.cached(request)  # counts as a use
        if content is not None:
            content.close()
        self._count(sha256, stored.size)
        return _had(wanted, "here", stored.size, sha256)

    def has_room(self, wanted: WantedFile) -> Outcome | None:
        """The outcome for a file that would take too much room; ``None``: its room is kept for it from now on."""
        name = f"{wanted.project} {wanted.filename}"
        content = name if is_metadata(wanted.filename) else wanted.link_sha256 or name
        size = 0 if content in self._counted else wanted.size or 0
        if self._max_size is not None and self._bytes + size > self._max_size:
            return failure(wanted, self._too_much())
        self._count(content, size)
        return None

    async def fetch(self, wanted: WantedFile) -> Outcome:
        """Fetch it, verify it, keep it. Raises nothing that concerns one file only."""
        if wanted.size is None and self._max_size is not None and self._bytes >= self._max_size:
            return failure(wanted, self._too_much())
        if not self._files.may_keep(wanted.size or 0):
            return failure(wanted, self._too_little_free())
        request = FileRequest(
            project=wanted.project,
            filename=wanted.filename,
            sha256=wanted.link_sha256,
            sparing=is_metadata(wanted.filename),  # where whole wheels are wanted, they are asked for by themselves
        )
        try:
            content = await self._repository.get_file(request)
            try:
                await self._arrive(content)
            finally:
                content.close()
        except (FileNotListed, ProjectNotFound) as error:
            return failure(wanted, wanted.absent or str(error))
        except (PyproxyError, DistributionUnreadable) as error:
            return failure(wanted, str(error))
        return self._outcome(wanted, content)

    def would(self, wanted: WantedFile) -> Outcome:
        """The outcome of a dry run."""
        return _had(wanted, "wanted", wanted.size, wanted.hashes.get("sha256") or wanted.link_sha256)

    def gone(self, outcome: Outcome) -> Outcome | None:
        """What to say of a file that was here and has gone again; ``None`` for all others."""
        name = outcome.filename
        if self._max_size is None or outcome.state not in ("here", "fetched") or name is None or is_metadata(name):
            return None
        if self._files.find(outcome.project, name, outcome.sha256 or "") is not None:
            return None
        reason = f"it had to go again: with what others kept meanwhile all together is more than {self._limit()}"
        return replace(outcome, state="failed", reason=reason)

    async def _arrive(self, content: FileContent) -> None:
        if not isinstance(content, ArrivingContent):
            await content.settle()
            return
        self._progress.arriving.add(content)
        try:
            await content.settle()
            await content.put_away()
        finally:
            self._progress.arriving.discard(content)
        self._progress.done_bytes += content.size or 0

    def _outcome(self, wanted: WantedFile, content: FileContent) -> Outcome:
        sha256, size = content.sha256, content.size or 0
        if sha256 is None or (wrong := _wrong(wanted, sha256)):
            return failure(wanted, "nobody knows its sha256" if sha256 is None else wrong)
        if wanted.size is None:
            self._bytes += size
        if content.cache_status == "hit" and not isinstance(content, ArrivingContent):
            return _had(wanted, "here", size, sha256)
        out_of_a_wheel = isinstance(content, BytesContent)  # and kept in the database
        if not out_of_a_wheel and self._files.find(wanted.project, wanted.filename, sha256) is None:
            return failure(wanted, self._why_not_kept(size))
        return _had(wanted, "fetched", size, sha256)

    def _count(self, content: str, size: int) -> None:
        if content not in self._counted:  # equal bytes take their room once
            self._counted.add(content)
            self._bytes += size

    def _why_not_kept(self, size: int) -> str:
        if self._max_size is not None and size > self._max_size:
            return f"it came, but its {data(size)} are more than {self._limit()}"
        if not self._files.may_keep(0):
            return f"it came, but was not kept: {self._too_little_free()}"
        return "it came, but could not be kept on the disk"

    def _limit(self) -> str:
        return f"storage.max_size ({data(self._max_size or 0)})"

    def _too_much(self) -> str:
        return f"with the rest of what is asked for it is more than {self._limit()}"

    def _too_little_free(self) -> str:
        return f"less than storage.min_free ({data(self._files.min_free)}) would be left on the disk"


def _local(wanted: WantedFile) -> Outcome:
    if wanted.absent:
        return failure(wanted, f"the project is local: {wanted.absent}")
    return _had(wanted, "local", wanted.size, wanted.link_sha256)


def _had(wanted: WantedFile, state: State, size: int | None, sha256: str | None) -> Outcome:
    return Outcome(
        project=wanted.project,
        filename=wanted.filename,
        version=wanted.version,
        where=wanted.where,
        state=state,
        size=size,
        sha256=sha256,
    )


def _wrong(wanted: WantedFile, sha256: str) -> str:
    """What is wrong with a file of this sha256; empty for nothing."""
    expected = wanted.hashes.get("sha256", sha256)
    if expected != sha256:
        return f"it came with sha256 {sha256}, {wanted.where} has {expected}"
    if wanted.allowed is not None and f"sha256:{sha256}" not in wanted.allowed:
        return f"it came with sha256 {sha256}, {wanted.where} allows {', '.join(sorted(wanted.allowed)) or 'none'}"
    return ""
