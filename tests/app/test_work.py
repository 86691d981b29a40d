"""What a worker refuses to do while others serve."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from pathlib import Path

import pytest

from pyproxy.app.orders import Supervised
from pyproxy.app.work import _check_database, _wait_for_fitting_pair
from pyproxy.config.model import Config, ServerConfig, StorageConfig, TlsConfig
from pyproxy.errors import StorageError, WorkersFailed
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.schema import MIGRATIONS
from tests.app.test_orders import order
from tests.upstream.certificates import self_signed


def test_the_database_is_not_brought_forward_under_workers_of_an_older_version(tmp_path: Path) -> None:
    config = Config(storage=StorageConfig(directory=tmp_path))
    with closing(Database.open(tmp_path / DATABASE_NAME, migrations=MIGRATIONS[:-1])):
        pass
    with pytest.raises(StorageError, match="schema of an older version: start the server once, or restart it"):
        _check_database(config)
    with closing(Database.open(tmp_path / DATABASE_NAME)):
        _check_database(config)


def test_a_worker_that_waits_for_a_certificate_does_not_outlive_its_supervisor(tmp_path: Path) -> None:
    """It would keep port and storage directory from the next server, and answer nobody."""
    certificate, key = self_signed(tmp_path)
    key.write_text("half of a k")
    config = Config(server=ServerConfig(tls=TlsConfig(certificate=certificate, key=key)))
    supervisor, control = socket.socketpair()
    supervised = Supervised(order(), control, b"")
    supervised.check_supervisor()
    supervisor.close()
    with control, pytest.raises(WorkersFailed, match="the supervisor of this worker is gone"):
        _wait_for_fitting_pair(config, supervised)
    os.close(supervised.order.lock)
