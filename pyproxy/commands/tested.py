"""Whose settings ``pyproxy upstream test`` tests. Nothing is created and nothing written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pyproxy.admin.upstream_test.tested import Tested, as_given, as_stored
from pyproxy.commands.invocation import Invocation
from pyproxy.config.model import Config
from pyproxy.errors import ConfigurationError
from pyproxy.settings import priority_of, upstream_from_pairs
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME, has_database
from pyproxy.storage.pages import PageStore
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.served import check_served
from pyproxy.storage.upstreams import UpstreamStore


def given_upstream(invocation: Invocation, config: Config, pairs: Mapping[str, str]) -> Tested:
    """One that is not stored, by its settings as for ``upstream add``. Raises `ConfigurationError`."""
    priority_of(pairs)
    settings = upstream_from_pairs({"name": "test", **pairs})
    with _database(config) as database:
        if database is None:
            return Tested(settings)
        return as_given(_upstreams(database, invocation.environ, config), settings)


def stored_upstream(invocation: Invocation, config: Config, name: str) -> Tested:
    """The stored one of this name, or the configuration's, which the server would store at its next start.

    Raises `ConfigurationError` for an unknown name, `StorageError` where the database or its secrets cannot be read.
    """
    configured = next((upstream for upstream in config.upstreams if upstream.name == name), None)
    with _database(config) as database:
        if database is None:
            if configured is None:
                names = ", ".join(upstream.name for upstream in config.upstreams) or "none"
                raise ConfigurationError(
                    f"there is no upstream named {name}",
                    suggestion=f"there is no database in {config.storage.directory.absolute()} yet; "
                    f"the configuration's upstreams are {names}",
                )
            return Tested(configured)
        store = _upstreams(database, invocation.environ, config)
        if configured is not None and all(stored.settings.name != name for stored in store.list(reveal=False)):
            return as_given(store, configured)
        return as_stored(store, PageStore(database), name)


def _upstreams(database: Database, environ: Mapping[str, str], config: Config) -> UpstreamStore:
    return UpstreamStore(database, SecretBox.open_existing(config.storage.directory.absolute(), environ))


@contextmanager
def _database(config: Config) -> Iterator[Database | None]:
    """The database for reading, if there is one."""
    directory = config.storage.directory.absolute()
    check_served(directory)
    if not has_database(directory):
        yield None
        return
    database = Database.open(directory / DATABASE_NAME, read_only=True)
    try:
        yield database
    finally:
        database.close()
