"""Bytes, their rows and their manifest, changed together: keep, add a name, forget, evict.

The order of keeping: fsync the temporary file, write the manifest into the temporary folder (the *intention*),
rename the bytes, then the rows, and last the manifest. Forgetting goes the other way, with an intention that tells
what is to be removed. So a row means whole bytes, and a process that dies in between leaves an intention, by which
the next start finishes the work.

Whoever changes something holds the lock of the directory that the bytes lie in, against threads and processes
alike. Everything here waits for the disk: it runs in worker threads.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path

from pyproxy.errors import StorageError
from pyproxy.storage import file_rows
from pyproxy.storage.database import Database
from pyproxy.storage.directory import reason, sync_directory
from pyproxy.storage.intentions import Forgetting, forgetting, intended, keeping, read_forgetting, removing
from pyproxy.storage.manifests import FileName, Manifest, Places, read_manifest, write_manifest
from pyproxy.storage.temporary import discard, locked

AT_ONCE = 100
"""Files that are forgotten in one transaction: so others wait for a few milliseconds only."""


class Shelf:
    """The files' final places. ``workspace`` arguments are the process's own temporary folder."""

    def __init__(self, places: Places, database: Database) -> None:
        self.places = places
        self._database = database

    def keep(
        self,
        arrived: Path,
        descriptor: int,
        sha256: str,
        size: int,
        name: FileName,
        make_room: Callable[[str, int], None],
    ) -> None:
        """Move verified bytes to their place and make them known; ``descriptor`` is theirs, and is closed.

        ``make_room(sha256, size)`` is called before they take any. Raises `StorageError`, as ``make_room`` may: then
        nothing is kept, and the file at ``arrived`` is gone, too.
        """
        content = self.places.content(sha256)
        try:
            arrived_size = os.fstat(descriptor).st_size
            if arrived_size != size:
                raise StorageError(f"{name.filename} is not kept: {arrived_size} of {size} bytes are on the disk")
            make_room(sha256, size)
            os.fsync(descriptor)
            if not content.parent.exists():
                content.parent.mkdir(exist_ok=True)
                sync_directory(self.places.root)
            with locked(content.parent):
                self._publish(Manifest(sha256=sha256, size=size, names=(name,)), arrived)
        except OSError as error:
            raise StorageError(f"{name.filename} is not kept: cannot write it ({reason(error)})") from error
        finally:
            os.close(descriptor)
            discard(arrived)

    def add_name(self, sha256: str, name: FileName, workspace: Path) -> int | None:
        """One more name for stored bytes; their size, ``None`` when they have gone. Raises `StorageError`."""
        content = self.places.content(sha256)
        try:
            with locked(content.parent):
                known = self._known(sha256)
                if known is None or not is_whole(content, known.size):
                    return None
                merged = known.with_name(name)
                with keeping(workspace, merged) as intention:
                    self._commit(merged, intention)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{name.filename} gets no name: cannot write it ({reason(error)})") from error
        return known.size

    def forget(self, project: str, filename: str | None, workspace: Path) -> tuple[str, ...]:
        """Forget a project's files, or one; the filenames, sorted. Raises `StorageError`."""
        sql = """
            SELECT filename, sha256 FROM files
            WHERE project = :project AND (:filename IS NULL OR filename = :filename)
            """
        values = {"project": project, "filename": filename}
        rows = self._database.write_now(lambda connection: connection.execute(sql, values).fetchall())
        shards: dict[str, dict[str, set[str]]] = {}
        for row in rows:
            names = shards.setdefault(row["sha256"][:2], {}).setdefault(row["sha256"], set())
            names.add(row["filename"])
        for names_of in shards.values():
            for batch in _batches(names_of):
                try:
                    self._forget_names(batch, project, workspace)
                except OSError as error:
                    (some, *_) = batch.values()
                    raise StorageError(f"cannot remove {min(some)} ({reason(error)})") from error
        return tuple(sorted({row["filename"] for row in rows}))

    def evict(self, sha256: str, delete: Callable[[sqlite3.Connection], bool], workspace: Path) -> bool:
        """Remove bytes with all their names, if ``delete`` says so; raises `StorageError`.

        ``delete`` runs in a transaction and deletes their rows, or says that they stay.
        """
        content = self.places.content(sha256)
        try:
            content.parent.mkdir(exist_ok=True)
            with locked(content.parent), removing(workspace, (sha256,)):
                deleted = self._database.write_now(delete)
                if deleted:
                    self._remove_bytes(sha256)
        except OSError as error:
            raise StorageError(f"cannot evict {content} ({reason(error)})") from error
        return deleted

    def agree(self, sha256: str, workspace: Path, found: Manifest | None = None) -> bool:
        """Let rows and manifest say the same again, all names that either has; whether they did not.

        Bytes without rows get those of ``found``, the manifest by which somebody checked them. Nothing is done for
        bytes that are not there. Raises `StorageError`.
        """
        content, place = self.places.content(sha256), self.places.manifest(sha256)
        try:
            with locked(content.parent):
                known, beside = self._known(sha256), read_manifest(place)
                told = known or found
                if told is None or (known is not None and found is not None) or not is_whole(content, told.size):
                    return False
                merged = self._merged(told)
                if known is not None and beside is not None and _same(beside, known) and _same(merged, known):
                    return False
                with keeping(workspace, merged) as intention:
                    self._commit(merged, intention)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StorageError(f"cannot mend what is known of {content} ({reason(error)})") from error
        return True

    def recover(self, intention: Path) -> None:
        """Finish what a dead process intended, if its bytes had reached their place. Raises `StorageError`."""
        forgotten = read_forgetting(intention)
        if forgotten is not None:
            self._finish_forgetting(forgotten)
        for manifest in intended(intention):
            self._finish(manifest, intention)

    def _finish_forgetting(self, forgotten: Forgetting) -> None:
        """Take the rows away of names that their manifests have lost already; where they have not, nothing was done."""
        for sha256, filenames in forgotten.names.items():
            place = self.places.manifest(sha256)
            if not place.parent.exists():
                continue
            with locked(place.parent):
                beside = read_manifest(place)
                named = set() if beside is None else {(name.project, name.filename) for name in beside.names}
                lost = [filename for filename in filenames if (forgotten.project, filename) not in named]
                if named and lost:
                    names = {sha256: lost}
                    self._database.write_now(
                        partial(_delete, names_of=names, project=forgotten.project, gone=())
                    )

    def _finish(self, manifest: Manifest, intention: Path) -> None:
        content = self.places.content(manifest.sha256)
        if not content.parent.exists():
            return
        with locked(content.parent):
            if not manifest.names:
                # Rows that are there again, or still, mean that the bytes are wanted.
                if self._known(manifest.sha256) is None:
                    self._remove_bytes(manifest.sha256)
            elif is_whole(content, manifest.size):
                merged = self._merged(manifest)
                write_manifest(intention, merged)
                self._commit(merged, intention)

    def _publish(self, manifest: Manifest, arrived: Path) -> None:
        content = self.places.content(manifest.sha256)
        merged = self._merged(manifest)
        with keeping(arrived.parent, merged) as intention:
            os.replace(arrived, content)
            try:
                sync_directory(content.parent)
                self._commit(merged, intention)
            except BaseException:
                content.unlink(missing_ok=True)
                raise

    def _forget_names(self, names_of: Mapping[str, Collection[str]], project: str, workspace: Path) -> None:
        """Take a project's names away from bytes that lie in one directory: one lock, one transaction for all."""
        directory = self.places.content(next(iter(names_of))).parent
        directory.mkdir(exist_ok=True)
        with locked(directory), contextlib.ExitStack() as intentions:
            left = [
                _without(manifest, project, names_of[manifest.sha256])
                for manifest in self._database.write_now(partial(_known_of, sha256s=names_of))
            ]
            gone = [manifest.sha256 for manifest in left if not manifest.names]
            shared = [manifest for manifest in left if manifest.names]
            if shared:
                names = {manifest.sha256: tuple(names_of[manifest.sha256]) for manifest in shared}
                intentions.enter_context(forgetting(workspace, Forgetting(project=project, names=names)))
            for manifest in shared:
                # The manifest first: names come back from it, but never from the rows.
                intention = intentions.enter_context(keeping(workspace, manifest))
                os.replace(intention, self.places.manifest(manifest.sha256))
            if gone:
                intentions.enter_context(removing(workspace, gone))
            self._database.write_now(partial(_delete, names_of=names_of, project=project, gone=gone))
            for sha256 in gone:
                self._remove_bytes(sha256)

    def _remove_bytes(self, sha256: str) -> None:
        self.places.content(sha256).unlink(missing_ok=True)
        self.places.manifest(sha256).unlink(missing_ok=True)

    def _known(self, sha256: str) -> Manifest | None:
        return self._database.write_now(lambda connection: file_rows.manifest_of(connection, sha256))

    def _merged(self, manifest: Manifest) -> Manifest:
        """The manifest with the names that the bytes have had so far."""
        before = read_manifest(self.places.manifest(manifest.sha256))
        merged = Manifest(sha256=manifest.sha256, size=manifest.size, names=before.names if before else ())
        for name in manifest.names:
            merged = merged.with_name(name)
        return merged

    def _commit(self, manifest: Manifest, intention: Path) -> None:
        self._database.write_now(lambda connection: file_rows.insert(connection, manifest))
        os.replace(intention, self.places.manifest(manifest.sha256))


def _batches(names_of: Mapping[str, Collection[str]]) -> Iterator[Mapping[str, Collection[str]]]:
    items = iter(names_of.items())
    while batch := dict(islice(items, AT_ONCE)):
        yield batch


def _without(manifest: Manifest, project: str, filenames: Iterable[str]) -> Manifest:
    for filename in filenames:
        manifest = manifest.without_name(project, filename)
    return manifest


def _known_of(connection: sqlite3.Connection, *, sha256s: Iterable[str]) -> list[Manifest]:
    """What the rows say of some bytes; those of which they know nothing are left out."""
    found = (file_rows.manifest_of(connection, sha256) for sha256 in sha256s)
    return [manifest for manifest in found if manifest is not None]


def _delete(
    connection: sqlite3.Connection, *, names_of: Mapping[str, Iterable[str]], project: str, gone: Iterable[str]
) -> None:
    for sha256, filenames in names_of.items():
        for filename in filenames:
            file_rows.delete_name(connection, sha256, project, filename)
    for sha256 in gone:
        file_rows.delete_content(connection, sha256)


def _same(one: Manifest, other: Manifest) -> bool:
    """Whether two manifests tell of the same bytes by the same names."""
    names = [{(name.project, name.filename) for name in manifest.names} for manifest in (one, other)]
    return (one.sha256, one.size, names[0]) == (other.sha256, other.size, names[1])


def is_whole(path: Path, size: int) -> bool:
    """Whether there is a file of this size: one ``stat``."""
    with contextlib.suppress(OSError):
        return path.stat().st_size == size
    return False
