"""What commands open of the storage directory, beside a server that may be running on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyproxy.commands.invocation import Invocation
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME, prepare_directory
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore


@contextmanager
def opened_upstreams(invocation: Invocation) -> Iterator[UpstreamStore]:
    """The upstreams, those of the configuration among them, as the server would find them.

    Raises `ConfigurationError` and `StorageError`.
    """
    config = invocation.load().config
    directory = prepare_directory(config.storage.directory)
    secrets = SecretBox.open(directory, invocation.environ)
    database = Database.open(directory / DATABASE_NAME)
    try:
        upstreams = UpstreamStore(database, secrets)
        upstreams.seed(config.seeds)
        yield upstreams
    finally:
        database.close()
