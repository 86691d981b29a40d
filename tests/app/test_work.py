"""What a worker refuses to do while others serve."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from pyproxy.app.work import _check_database
from pyproxy.config.model import Config, StorageConfig
from pyproxy.errors import StorageError
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.schema import MIGRATIONS


def test_the_database_is_not_brought_forward_under_workers_of_an_older_version(tmp_path: Path) -> None:
    config = Config(storage=StorageConfig(directory=tmp_path))
    with closing(Database.open(tmp_path / DATABASE_NAME, migrations=MIGRATIONS[:-1])):
        pass
    with pytest.raises(StorageError, match="schema of an older version: start the server once, or restart it"):
        _check_database(config)
    with closing(Database.open(tmp_path / DATABASE_NAME)):
        _check_database(config)
