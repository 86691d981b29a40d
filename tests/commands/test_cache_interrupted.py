"""Ctrl-C in the middle of a long ``cache verify``: it ends at once, says so, and harms nothing."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.files import FileStore
from tests.app.command import Command, until
from tests.storage.keeping import keep, on_disk

SIZE = 4_000_000_000
"""Takes seconds to read; it is a hole on the disk."""


def has_open(pid: int, path: Path) -> bool:
    try:
        return any(os.readlink(link) == str(path) for link in Path(f"/proc/{pid}/fd").iterdir())
    except FileNotFoundError:
        return False


async def test_an_interrupted_verify_leaves_everything_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "pyproxy.yaml").write_text("upstreams: []\nstorage: {min_free: 0}\n")
    database = Database.open(tmp_path / "data" / DATABASE_NAME)
    files = FileStore(tmp_path / "data", database)
    path = (await keep(files, b"large")).path
    os.truncate(path, SIZE)
    database.write_now(lambda connection: connection.execute("UPDATE contents SET size = ?", (SIZE,)))
    files.close()
    database.close()
    before = on_disk(tmp_path / "data")

    command = Command(tmp_path, ["cache", "verify"], {}, 1)
    try:
        await until(lambda: has_open(command.pid, path))
        command.signal(signal.SIGINT)
        assert await command.ended() == 1
    finally:
        command.kill()

    assert "verify was stopped before its end; nothing is harmed" in command.output
    assert "Traceback" not in command.output
    assert on_disk(tmp_path / "data") == before
