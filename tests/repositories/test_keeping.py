"""Where a download may put its bytes, made when the first of them come."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pyproxy.errors import StorageError
from pyproxy.repositories.keeping import Place
from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from pyproxy.storage.temporary import TemporaryFile
from tests.storage.keeping import on_disk


class SlowStore(FileStore):
    """Makes a temporary file once it is told to."""

    making: threading.Event
    go: threading.Event

    def temporary(self) -> TemporaryFile:
        self.making.set()
        assert self.go.wait(60)
        return super().temporary()


def test_a_file_that_is_made_while_its_place_is_discarded_goes_too(tmp_path: Path) -> None:
    """The loop may show the file to another process while a thread cleans up."""
    database = Database.open(tmp_path / "pyproxy.db")
    files = SlowStore(tmp_path, database)
    files.making, files.go = threading.Event(), threading.Event()
    place = Place(files, "demo-1.0.whl")
    showing = threading.Thread(target=lambda: place.fd)
    showing.start()
    assert files.making.wait(60)
    discarding = threading.Thread(target=place.discard)
    discarding.start()
    files.go.set()
    showing.join()
    discarding.join()
    assert on_disk(tmp_path) == []
    with pytest.raises(StorageError, match="come to its place"):
        place.file()
    files.close()
    database.close()
