"""Files placed in a local directory, served before any upstream is asked.

A project with a local file is local as a whole: its name never leaves the house. The directory is looked through
again when it changes, so that a file put there is listed within seconds; files are hashed when their project is
first asked for, and again when they change.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pyproxy.errors import FileNotListed, InvalidFilename, NotAnswered, ProjectNotFound, StorageError
from pyproxy.repositories.base import LOCAL, FileContent, FileRequest, ProjectPage
from pyproxy.repositories.content import BytesContent, DiskContent
from pyproxy.repositories.resolution import Freshness
from pyproxy.simple.model import File, NormalizedName, ProjectDetail
from pyproxy.simple.names import check_filename, is_metadata, normalize, project_of, version_of, wheel_of_metadata
from pyproxy.simple.work import Prepared, prepare_detail
from pyproxy.storage.distributions import DistributionUnreadable, read_distribution

log = logging.getLogger(__name__)

SCAN_INTERVAL_SECONDS = 2.0
"""A new file is listed within two rounds and the time of a look."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Tells whether a file is still the one that was hashed."""

    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A hashed local distribution; ``metadata`` is the wheel's METADATA, where it has one."""

    path: Path
    stamp: Stamp
    sha256: str
    metadata: bytes | None
    requires_python: str | None


class LocalRepository:
    """A folder of wheels and sdists, sub-folders included."""

    def __init__(self, directory: Path, *, clock: Callable[[], float]) -> None:
        self._directory = directory
        self._clock = clock
        self._projects: dict[NormalizedName, dict[str, Path]] = {}
        self._scanned: Mapping[Path, int] = {}
        self._hashed: dict[Path, LocalFile] = {}
        self._hashing: dict[tuple[Path, Stamp], asyncio.Task[LocalFile | None]] = {}
        self._pages: dict[NormalizedName, tuple[tuple[LocalFile, ...], Prepared]] = {}

    def has(self, project: NormalizedName) -> bool:
        """Whether the project is local."""
        return project in self._projects

    def filenames(self, project: NormalizedName) -> tuple[str, ...]:
        """The local project's files, sorted, whether or not they turn out to be readable; none if it is not local."""
        return tuple(sorted(self._projects.get(project, {})))

    async def unreadable(self, project: NormalizedName) -> dict[str, str]:
        """The local project's files that are not listed, since they are not what their names say: filename → why."""
        return await asyncio.to_thread(_unreadable, dict(self._projects.get(project, {})))

    def names(self) -> tuple[NormalizedName, ...]:
        """The local projects, sorted."""
        return tuple(sorted(self._projects))

    async def scan(self) -> None:
        """Look through the directory, if anything in it changed since the last time.

        Raises `StorageError` when it cannot be read; what was local stays local then.
        """
        try:
            await self._scan()
        except OSError as error:
            raise StorageError(f"the local directory {self._directory} cannot be read: {error.strerror}") from error

    async def _scan(self) -> None:
        loop = asyncio.get_running_loop()
        folders = await loop.run_in_executor(None, _folders, self._directory)
        now_ns = self._clock() * 1e9
        unchanged = folders == self._scanned
        settled = all(now_ns - changed > SCAN_INTERVAL_SECONDS * 1e9 for changed in folders.values())
        if unchanged and settled:
            return  # a folder changed a moment ago may change again within its clock's tick
        self._projects = await loop.run_in_executor(None, _projects, self._directory)
        self._scanned = folders
        known = {path for files in self._projects.values() for path in files.values()}
        for path in self._hashed.keys() - known:
            del self._hashed[path]

    async def watch(self) -> None:
        """Look through the directory for ever."""
        trouble = ""
        while True:
            try:
                await self.scan()
                trouble = ""
            except StorageError as error:
                if str(error) != trouble:
                    log.warning("%s", error)
                trouble = str(error)
            await asyncio.sleep(SCAN_INTERVAL_SECONDS)

    async def get_project_detail(self, project: NormalizedName) -> ProjectPage:
        if project not in self._projects:
            raise ProjectNotFound(project)
        files = await self._files(project)
        if not files:
            # Never an empty page, and never somebody else's: the name is ours.
            raise NotAnswered(f"the local files of {project} cannot be read")
        page = self._pages.get(project)
        if page is None or page[0] != files:
            page = (files, prepare_detail(_detail(project, files)))
            self._pages[project] = page
        return self._page(project, page[1])

    def at_hand(self, project: NormalizedName) -> ProjectPage | None:
        """The same page, if none of its files has changed; else ``None``, since files have to be read for it."""
        page = self._pages.get(project)
        if page is None or not page[0] or page[0] != self._known_files(project):
            return None
        return self._page(project, page[1])

    def _page(self, project: NormalizedName, prepared: Prepared) -> ProjectPage:
        return ProjectPage(
            project=project,
            upstream=LOCAL,
            tag=prepared.tag,
            body=lambda: prepared.canonical_z,
            freshness=Freshness.HIT,
            fresh_until=self._clock(),
        )

    async def get_file(self, request: FileRequest) -> FileContent:
        """The file; raises `FileNotListed` where no local file has this name (and this sha256)."""
        filename = wheel_of_metadata(request.filename) if is_metadata(request.filename) else request.filename
        path = self._projects.get(request.project, {}).get(filename)
        file = await self._hash(path) if path is not None else None
        if file is not None and request.sha256 in (None, file.sha256):
            if filename == request.filename:
                return _open(file)
            if file.metadata is not None:
                digest = hashlib.sha256(file.metadata).hexdigest()
                return BytesContent(file.metadata, sha256=digest, upstream=LOCAL)
        raise FileNotListed(f"{request.project} is local and has no file {request.filename} with this sha256")

    def path_of(self, project: NormalizedName, filename: str) -> Path | None:
        """Where a local file lies, if there is one of this name."""
        return self._projects.get(project, {}).get(filename)

    def _known_files(self, project: NormalizedName) -> tuple[LocalFile | None, ...]:
        """The project's files as hashed before; ``None`` stands for one that has changed, or cannot be read."""
        return tuple(self._known(path, _stamp(path)) for _, path in sorted(self._projects.get(project, {}).items()))

    def _known(self, path: Path, stamp: Stamp | None) -> LocalFile | None:
        known = self._hashed.get(path)
        return known if known is not None and known.stamp == stamp else None

    async def _files(self, project: NormalizedName) -> tuple[LocalFile, ...]:
        files = []
        for _, path in sorted(self._projects.get(project, {}).items()):
            file = await self._hash(path)
            if file is not None:
                files.append(file)
        return tuple(files)

    async def _hash(self, path: Path) -> LocalFile | None:
        """The file as hashed before, or now: once, however many ask."""
        stamp = _stamp(path)
        if stamp is None:
            return None
        known = self._known(path, stamp)
        if known is not None:
            return known
        task = self._hashing.get((path, stamp))
        if task is None:
            task = asyncio.create_task(asyncio.to_thread(_read, path, stamp))
            self._hashing[path, stamp] = task
            task.add_done_callback(lambda _: self._hashing.pop((path, stamp), None))
        file = await asyncio.shield(task)
        if file is not None:
            self._hashed[path] = file
        return file


def _folders(directory: Path) -> dict[Path, int]:
    """Every folder below the directory, with the time of its last change in nanoseconds."""
    found = {}
    for folder, _, _ in os.walk(directory, onerror=_stop):
        path = Path(folder)
        found[path] = path.stat().st_mtime_ns
    return found


def _projects(directory: Path) -> dict[NormalizedName, dict[str, Path]]:
    found: dict[NormalizedName, dict[str, Path]] = {}
    for folder, _, filenames in os.walk(directory, onerror=_stop):
        for filename in sorted(filenames):
            name = project_of(filename)
            if name is None or filename.startswith("."):
                continue
            try:
                check_filename(filename)
            except InvalidFilename:
                continue
            found.setdefault(normalize(name), {}).setdefault(filename, Path(folder) / filename)
    return found


def _stop(error: OSError) -> None:
    """A folder that cannot be read must not look empty: its names would be asked of upstreams."""
    raise error


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return Stamp(status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _read(path: Path, stamp: Stamp) -> LocalFile | None:
    """Hash the file and read its metadata; ``None``, and a line in the log, where it is not what its name says."""
    try:
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        metadata, requires_python = read_distribution(path)
    except (OSError, DistributionUnreadable) as error:
        log.warning("the local file %s is not listed: %s", path.name, error)
        return None
    if _stamp(path) != stamp:
        return None  # still being written
    return LocalFile(path, stamp, sha256, metadata, requires_python)


def _unreadable(paths: Mapping[str, Path]) -> dict[str, str]:
    found = {}
    for filename, path in sorted(paths.items()):
        if _stamp(path) is None:  # who opens a pipe waits for its other end
            found[filename] = "it is no file that can be read"
            continue
        try:
            with path.open("rb"):
                read_distribution(path)
        except (OSError, DistributionUnreadable) as error:
            found[filename] = str(error)
    return found


def _detail(project: NormalizedName, files: tuple[LocalFile, ...]) -> ProjectDetail:
    entries = tuple(
        File(
            filename=file.path.name,
            url=f"http://local.invalid/{file.sha256}",  # never followed: local files have no address upstream
            hashes={"sha256": file.sha256},
            requires_python=file.requires_python,
            size=file.stamp.size,
            # The time the file was put here is the time it was published here.
            upload_time=datetime.fromtimestamp(file.stamp.modified_ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            core_metadata=(
                {"sha256": hashlib.sha256(file.metadata).hexdigest()} if file.metadata is not None else False
            ),
        )
        for file in files
    )
    versions = {version_of(entry.filename, project) for entry in entries}
    return ProjectDetail(name=project, files=entries, versions=tuple(sorted(v for v in versions if v is not None)))


def _open(file: LocalFile) -> FileContent:
    try:
        descriptor = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise FileNotListed(f"the local file {file.path.name} was taken away") from error
    status = os.fstat(descriptor)
    if Stamp(status.st_size, status.st_mtime_ns) != file.stamp:
        os.close(descriptor)
        raise FileNotListed(f"the local file {file.path.name} is being replaced; ask again")
    return DiskContent(descriptor, size=status.st_size, sha256=file.sha256, upstream=LOCAL)
