"""Starts the downloads of listed files.

One transfer serves everybody who asks. Its sources are the upstreams that list the same filename with the same
sha256, in order; what one sends wrong, the next is asked for. What becomes of the bytes is told in ``keeping.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from functools import partial

from pyproxy.errors import (
    FileNotListed,
    HashMismatch,
    PyproxyError,
    StorageError,
    UpstreamError,
    UpstreamStatus,
    UpstreamUnreachable,
)
from pyproxy.net.arriving_file import ArrivingFile
from pyproxy.net.download import Download, Source
from pyproxy.net.downloads import Downloads
from pyproxy.net.file_requests import Requests, fetch_file, file_size
from pyproxy.net.range_transfer import RangeTransfer
from pyproxy.net.response import Receiver
from pyproxy.net.verification import Expected
from pyproxy.repositories.file_contact import check_awake, counted
from pyproxy.repositories.keeping import Keeping, Recorded, find_kept
from pyproxy.repositories.listings import ListedFile, Listings
from pyproxy.repositories.observer import Asked, Observer
from pyproxy.repositories.upstream_pages import UpstreamPages
from pyproxy.simple.names import is_metadata
from pyproxy.storage.files import FileStore
from pyproxy.storage.pages import PageStore
from pyproxy.storage.recorded import RecordedHashes

Address = Callable[[ListedFile], str]
"""Which address of a listed file is wanted: its own or its metadata's."""

Kept = Callable[[ListedFile, str], Awaitable[None]]
"""Told of each file that was kept, with its sha256."""


ADDRESS_IS_OLD = (400, 401, 403, 404, 410)
"""How servers answer to an address that was right once."""

_CANNOT = (200, 405, 501)
"""How servers answer that know no ranges, or no HEAD: nothing is wrong with them."""


class Transfers:
    """The way from a listing to bytes on the disk. ``connections`` are by upstream id; ``on_kept`` raises nothing."""

    def __init__(
        self,
        *,
        downloads: Downloads,
        files: FileStore,
        recorded: RecordedHashes,
        pages: PageStore,
        listings: Listings,
        connections: Mapping[int, Requests],
        observer: Observer,
        on_kept: Kept | None = None,
    ) -> None:
        self._downloads = downloads
        self._files = files
        self._recorded = recorded
        self._pages = pages
        self._listings = listings
        self._connections = connections
        self._observer = observer
        self._on_kept = on_kept

    def running(self, key: Hashable) -> ArrivingFile | None:
        """The download under way for a key such as `key_of` gives, if it can be joined."""
        return self._downloads.find(key)

    def download(self, listed: ListedFile) -> tuple[ArrivingFile, bool]:
        """The download of a file with a known sha256, and whether it was under way already."""
        assert listed.sha256 is not None
        filename = listed.link.filename
        expected = Expected(
            filename,
            listed.link.size,
            {**listed.link.hashes, "sha256": listed.sha256},
            recorded=listed.link.sha256 is None,
        )
        sources = [self._source(listed, file_address), *self._later_sources(listed, file_address)]
        return self._start(key_of(listed.project, filename, listed.sha256), expected, sources, listed)

    def first_download(self, listed: ListedFile, *, on_recorded: Recorded) -> tuple[ArrivingFile, bool]:
        """The download of a file whose upstream lists no sha256: what comes whole and sound has its own recorded."""
        # By its address: after a change of the upstream's URL another file may go by the same name.
        key = ("unhashed", listed.upstream.upstream_id, listed.link.filename, listed.link.url)
        expected = Expected(listed.link.filename, listed.link.size, listed.link.hashes)
        return self._start(key, expected, [self._source(listed, file_address)], listed, on_recorded)

    def metadata_download(
        self, listed: ListedFile, filename: str, sha256: str | None, *, on_recorded: Recorded
    ) -> tuple[ArrivingFile, bool]:
        """The download of a wheel's metadata file; ``sha256`` is the advertised one, if the upstream gives it."""
        key = ("metadata", listed.upstream.upstream_id, listed.link.metadata_url, sha256)
        sources = [self._source(listed, metadata_address)]
        if sha256 is None:
            return self._start(key, Expected(filename), sources, listed, on_recorded)
        if listed.sha256 is not None:
            sources += self._later_sources(listed, metadata_address)
        return self._start(key, Expected(filename, hashes={"sha256": sha256}), sources, listed)

    async def size(self, listed: ListedFile) -> int | None:
        """The size that the upstream announces for a file listed without one; raises `UpstreamError`."""
        check_awake(listed.upstream)
        try:
            size = await file_size(
                self._requests(listed.upstream),
                listed.link.url,
                upstream=listed.upstream.name,
                hashed=listed.link.sha256 is not None,
            )
        except UpstreamError as error:
            self._tell_part(listed, error)
            raise
        self._tell_part(listed, None)
        return size

    def range(self, listed: ListedFile, start: int, stop: int, size: int) -> RangeTransfer:
        """A transfer of some bytes only of a file of ``size``, not started; raises `UpstreamError`."""
        check_awake(listed.upstream)
        return RangeTransfer(
            self._requests(listed.upstream),
            listed.link.url,
            upstream=listed.upstream.name,
            start=start,
            stop=stop,
            size=size,
            hashed=listed.link.sha256 is not None,
            on_ended=partial(self._tell_part, listed, received=stop - start),
        )

    def _start(
        self,
        key: Hashable,
        expected: Expected,
        sources: list[Source],
        listed: ListedFile,
        on_recorded: Recorded | None = None,
    ) -> tuple[ArrivingFile, bool]:
        joined = True

        def begin() -> Download:
            nonlocal joined
            joined = False
            keeping = Keeping(self._files, self._recorded, listed, expected, on_recorded=on_recorded)

            async def keep(sha256: str, size: int) -> None:
                name = download.upstream or listed.upstream.name
                held = download.spool.held
                # Others wait for room, on the disk or in memory.
                if self._files.has_plenty and not (held and self._downloads.allowance.is_scarce):
                    await self._put_off(listed, counted=held is None)
                try:
                    # Asked again: another process may have wanted it in a file meanwhile.
                    await keeping.keep(name, sha256, size, download.spool.held)
                except HashMismatch as error:  # another first copy came meanwhile, and its sha256 rules
                    self._tell(listed, expected.filename, name, error)
                    raise
                if self._on_kept is not None and not is_metadata(expected.filename):
                    await self._on_kept(listed, sha256)

            failed = partial(self._count_failure, listed, expected.filename)
            download = Download(
                expected,
                sources,
                keeping.sink,
                on_verified=keep,
                on_failed=failed,
                allowance=self._downloads.allowance,
            )
            # Not where it is kept: a full disk keeps nothing, and the upstream did its part all the same.
            download.done.add_done_callback(partial(self._tell_whole, listed, download))
            return download

        kept = partial(find_kept, self._files, self._recorded, listed, expected, recording=on_recorded is not None)
        arriving = self._downloads.join_or_start(key, begin, filename=expected.filename, kept=kept)
        return arriving, joined

    async def _put_off(self, listed: ListedFile, *, counted: bool) -> None:
        """Wait for a lull; raises `StorageError` where the file may have been purged meanwhile."""
        lull = listed.upstream.lull
        if not lull.arriving_now:
            return
        since = self._pages.revision()
        await lull.wait(counted=counted)
        if self._pages.revision() != since:
            raise StorageError("something was purged from the cache meanwhile, which may have been this")

    def _source(self, listed: ListedFile, address: Address) -> Source:
        return Source(listed.upstream.name, partial(self._fetch, listed, address))

    def _later_sources(self, listed: ListedFile, address: Address) -> list[Source]:
        return [
            Source(upstream.name, partial(self._fetch_later, upstream, listed, address))
            for upstream in self._listings.after(listed)
        ]

    async def _fetch(self, listed: ListedFile, address: Address, receiver: Receiver) -> None:
        try:
            await self._fetch_from(listed, address(listed), receiver)
        except UpstreamStatus as error:
            if error.status not in ADDRESS_IS_OLD:
                raise
            # The page may be days old, and the addresses on it signed for an hour: a newer one may lead there.
            again = await self._listings.again(listed)
            if again is None or address(again) == address(listed):
                raise
            await self._fetch_from(again, address(again), receiver)

    async def _fetch_from(self, listed: ListedFile, url: str, receiver: Receiver) -> None:
        upstream = listed.upstream
        with counted(upstream, listed.project, url):
            await fetch_file(
                self._requests(upstream),
                url,
                receiver,
                upstream=upstream.name,
                hashed=listed.link.sha256 is not None,
            )

    async def _fetch_later(
        self, upstream: UpstreamPages, listed: ListedFile, address: Address, receiver: Receiver
    ) -> None:
        """The next upstream's copy, if it lists the same file."""
        await self._fetch(await self._listings.at(upstream, listed), address, receiver)

    def _requests(self, upstream: UpstreamPages) -> Requests:
        return self._connections[upstream.upstream_id]

    def _count_failure(self, listed: ListedFile, filename: str, name: str, error: PyproxyError) -> None:
        """Count a copy that was no good; what failed in the connection is counted where it failed."""
        if not isinstance(error, UpstreamError):
            return
        upstream = self._upstream(listed, name)
        if upstream is None or not error.was_asked:
            return
        if not isinstance(error, UpstreamUnreachable) and not upstream.standing.health.resting:
            upstream.standing.failed(listed.project, error)
        self._tell(listed, filename, name, error)

    def _upstream(self, listed: ListedFile, name: str) -> UpstreamPages | None:
        for upstream in (listed.upstream, *self._listings.after(listed)):
            if upstream.name == name:
                return upstream
        return None

    def _tell_whole(self, listed: ListedFile, download: Download, done: asyncio.Future[str]) -> None:
        """A download came to its end; of those that failed, every source was told apart."""
        if not done.cancelled() and done.exception() is None:
            name = download.upstream or listed.upstream.name
            self._tell(listed, download.expected.filename, name, None, download.size)

    def _tell_part(self, listed: ListedFile, error: UpstreamError | None, received: int | None = None) -> None:
        cannot = isinstance(error, UpstreamStatus) and error.status in _CANNOT
        came = received if error is None else None
        self._tell(listed, listed.link.filename, listed.upstream.name, None if cannot else error, came, part=True)

    def _tell(
        self,
        listed: ListedFile,
        filename: str,
        name: str,
        error: UpstreamError | None,
        received: int | None = None,
        *,
        part: bool = False,
    ) -> None:
        upstream = self._upstream(listed, name)
        if upstream is not None:
            self._observer.asked(
                Asked(
                    upstream_id=upstream.upstream_id,
                    upstream=name,
                    route="metadata" if is_metadata(filename) else "file",
                    project=listed.project,
                    filename=filename,
                    found=error is None,
                    error=error,
                    received=received,
                    part=part,
                    rests_for=None if error is None else upstream.standing.rests_for,
                )
            )


def file_address(listed: ListedFile) -> str:
    """Where the file itself is."""
    return listed.link.url


def metadata_address(listed: ListedFile) -> str:
    """Where its metadata is; raises `FileNotListed` where the upstream advertises none."""
    if listed.link.core_metadata is False:
        raise FileNotListed(f"{listed.upstream.name} offers no metadata file for {listed.link.filename}")
    return listed.link.metadata_url


def key_of(project: str, filename: str, sha256: str) -> tuple[str, str, str]:
    """Names one file's bytes among the downloads under way."""
    return project, filename, sha256
