"""What becomes of the bytes of a download: where they arrive, and whether they stay.

With less than ``storage.min_free`` on the disk nothing new is kept. The bytes still arrive in a temporary file as
long as the disk really takes them: so they are shared with whoever comes late, and a client of any pace is served.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from pyproxy.errors import HashMismatch, StorageError
from pyproxy.net.sharing.copies import Whole
from pyproxy.net.verification import Expected
from pyproxy.repositories.listings import ListedFile
from pyproxy.settings.quantities import format_size
from pyproxy.storage.files import FileStore
from pyproxy.storage.recorded import RecordedHashes
from pyproxy.storage.temporary import TemporaryFile

log = logging.getLogger(__name__)

Recorded = Callable[[], None]
"""Called when a file's sha256 has been recorded: pages that list it must be rendered anew."""


class Place:
    """Where a download may put its bytes: a temporary file, made when the first of them come. A `spool.Sink`."""

    def __init__(self, files: FileStore, filename: str) -> None:
        self.reserve = files.reserve
        self._files = files
        self._filename = filename
        self._file: TemporaryFile | None = None
        self._discarded = False
        self._lock = threading.Lock()  # a thread writes, and another process may have to be shown the file

    @property
    def fd(self) -> int:
        """See `Sink`."""
        try:
            return self.file().fd
        except StorageError as error:
            if not self._discarded:  # what has come to its place is kept
                log.warning("%s: %s is served but not kept", error, self._filename)
            raise

    def file(self) -> TemporaryFile:
        """The file, made now if there is none yet. Raises `StorageError`."""
        with self._lock:
            if self._discarded:
                raise StorageError("an arriving file has come to its place already")
            if self._file is None:
                self._file = self._files.temporary()
            return self._file

    def discard(self) -> None:
        """Close and remove it, if it was made."""
        with self._lock:
            self._discarded, file = True, self._file
        if file is not None:
            file.discard()


class Keeping:
    """One download's way to the disk: of the listed file, or of its ``.metadata``, as ``expected`` says.

    ``on_recorded``: nothing listed tells the sha256, so it is recorded. ``sink`` is ``None`` where the disk takes
    nothing at all.
    """

    def __init__(
        self,
        files: FileStore,
        recorded: RecordedHashes,
        listed: ListedFile,
        expected: Expected,
        *,
        on_recorded: Recorded | None,
    ) -> None:
        self._files = files
        self._recorded = recorded
        self._listed = listed
        self._filename = expected.filename
        # What the manifest calls listed: a recorded sha256 is recognised by being left out (`storage.rebuild`).
        recorded_sha256 = {"sha256"} if expected.recorded else set[str]()
        self._hashes = {name: digest for name, digest in expected.hashes.items() if name not in recorded_sha256}
        self._on_recorded = on_recorded
        self.sink = self._make_sink(expected.size or 0)

    def _make_sink(self, size: int) -> Place | None:
        if not self._files.has_room(size):
            message = "%s does not fit on the disk above storage.min_free (%s): it is served but not kept"
            log.warning(message, self._filename, format_size(self._files.min_free))
            return None
        return Place(self._files, self._filename)

    async def keep(self, upstream: str, sha256: str, size: int, held: bytes | None = None) -> None:
        """Keep the verified bytes, ``held`` in memory or else in the sink; whatever is raised, nothing is kept.

        Raises `HashMismatch` where another sha256 was recorded meanwhile, `StorageError` where the disk is full.
        """
        project = self._listed.project
        if self._on_recorded is None:
            await self._store(upstream, sha256, size, held)
            return
        ruling = self._recorded.for_project(self._listed.upstream.upstream_id, project).get(self._filename)
        if ruling not in (None, sha256):
            raise HashMismatch(upstream, f"sent other bytes of {self._filename} than before: content changed upstream")
        try:
            await self._store(upstream, sha256, size, held)
        finally:
            # Recorded last: who then asks by the sha256 finds the file, and starts no second transfer.
            await self._recorded.record(self._listed.upstream.upstream_id, project, self._filename, sha256)
            self._on_recorded()

    async def _store(self, upstream: str, sha256: str, size: int, held: bytes | None) -> None:
        if self.sink is None:
            return
        if not (self._files.may_keep_arrived(size) if held is None else self._files.may_keep(size)):
            raise StorageError(f"less than storage.min_free ({format_size(self._files.min_free)}) is left on the disk")
        await self._files.keep(
            self.sink.file() if held is None else held,
            sha256=sha256,
            size=size,
            project=self._listed.project,
            filename=self._filename,
            upstream=upstream,
            hashes=self._hashes,
        )
        self.sink.discard()


def find_kept(
    files: FileStore, recorded: RecordedHashes, listed: ListedFile, expected: Expected, *, recording: bool
) -> Whole | None:
    """The file, where another process has kept it since it was looked for.

    ``recording``: nothing listed tells its sha256, but the other process may have recorded it.
    """
    project, filename = listed.project, expected.filename
    sha256 = expected.hashes.get("sha256")
    if recording:
        sha256 = recorded.for_project(listed.upstream.upstream_id, project).get(filename)
    stored = files.find(project, filename, sha256) if sha256 is not None else None
    if stored is None:
        return None
    try:
        return Whole(stored.open(), stored.size, stored.sha256, stored.upstream)
    except StorageError:
        return None
