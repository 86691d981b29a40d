"""What commands open of the storage directory, beside a server that may be running on it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from pyproxy.admin.upstreams.upstreams import Upstreams
from pyproxy.commands.beside import NEW_DATABASE
from pyproxy.commands.invocation import Invocation
from pyproxy.storage.audit import AuditLog
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME, prepare_directory
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.served import check_served
from pyproxy.storage.upstreams import UpstreamStore


@contextmanager
def opened_upstreams(invocation: Invocation) -> Iterator[Upstreams]:
    """The upstreams, those of the configuration among them, as the server would find them.

    Raises `ConfigurationError` and `StorageError`.
    """
    config = invocation.load().config
    with opened_database(invocation) as database:
        store = UpstreamStore(database, SecretBox.open(database.path.parent, invocation.environ))
        store.seed(config.seeds)
        yield Upstreams(store, AuditLog(database, time.time))


@contextmanager
def opened_database(invocation: Invocation) -> Iterator[Database]:
    """The database of the storage directory, made where there is none yet.

    Raises `ConfigurationError` and `StorageError`.
    """
    directory = prepare_directory(invocation.load().config.storage.directory)
    check_served(directory)
    new = not (directory / DATABASE_NAME).exists()
    database = Database.open(directory / DATABASE_NAME)
    try:
        yield database
    finally:
        database.close()
    if new:
        # Else whoever is in the wrong directory changes what no server looks at, and wonders.
        click.echo(NEW_DATABASE.format(directory=directory), err=True)
