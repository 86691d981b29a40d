"""Whether the file of an open database is still the one at its path.

SQLite goes on with what it has opened, whatever happens to the name: a server whose database was removed, or replaced
by a backup, works on as before, and loses what changed since then at its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pyproxy.errors import StorageError

Loss = Literal["removed", "replaced"]


@dataclass(frozen=True, slots=True)
class DatabaseFile:
    """A file by its path, and which it was when it was opened (``identity``: its device and inode)."""

    path: Path
    identity: tuple[int, int] | None

    @classmethod
    def of(cls, path: Path) -> DatabaseFile:
        """The file as it is now."""
        return cls(path, _identity(path))

    def loss(self) -> Loss | None:
        """What has happened to it since; ``None`` while it is there, or where the system does not tell."""
        try:
            now = _identity(self.path)
        except OSError:
            return None
        if now is None:
            return "removed"
        return None if now == self.identity else "replaced"

    def check(self) -> None:
        """For what opens it anew by its path. Raises `StorageError` with `taken_away`."""
        loss = self.loss()
        if loss is not None:
            raise StorageError(taken_away(self.path, loss))


def taken_away(path: Path, loss: Loss) -> str:
    """The sentence about a server whose database it was, and what to do."""
    return f"the database {path} was {loss} under the running server: {remedy(loss)}"


def remedy(loss: Loss) -> str:
    """What to do, as a clause."""
    way = "restore it from a backup" if loss == "removed" else "see that the right one is there"
    return f"stop the server, {way}, and start it again"


def _identity(path: Path) -> tuple[int, int] | None:
    """``None`` where there is no file. Raises `OSError` where that cannot be found out."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
