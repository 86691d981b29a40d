"""Whose settings ``pyproxy upstream test`` tests. Nothing is created and nothing written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pyproxy.commands.invocation import Invocation
from pyproxy.config.model import Config
from pyproxy.errors import ConfigurationError
from pyproxy.settings import UpstreamSettings, priority_of, upstream_from_pairs
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME, has_database
from pyproxy.storage.pages import PageStore
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import StoredUpstream, UpstreamStore

KNOWN_PROJECTS = 5
"""How many names are taken from the pages that an upstream has had."""


@dataclass(frozen=True, slots=True)
class Tested:
    """What is tested: its settings, names of projects that it has had, and the upstreams beside it."""

    settings: UpstreamSettings
    known: Sequence[NormalizedName]
    others: Sequence[StoredUpstream]


def given_upstream(invocation: Invocation, config: Config, pairs: Mapping[str, str]) -> Tested:
    """One that is not stored, by its settings as for ``upstream add``. Raises `ConfigurationError`."""
    priority_of(pairs)
    settings = upstream_from_pairs({"name": "test", **pairs})
    with _database(config) as database:
        others = _upstreams(database, invocation.environ, config).list(reveal=False) if database else []
    return Tested(settings, (), [other for other in others if other.settings.name != settings.name])


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
            return Tested(configured, (), ())
        store = _upstreams(database, invocation.environ, config)
        stored = store.list(reveal=False)
        if configured is not None and all(upstream.settings.name != name for upstream in stored):
            return Tested(configured, (), stored)
        upstream = store.get(name)
        known = PageStore(database).projects_of(upstream.key, KNOWN_PROJECTS)
        return Tested(upstream.settings, known, [other for other in stored if other.settings.name != name])


def _upstreams(database: Database, environ: Mapping[str, str], config: Config) -> UpstreamStore:
    return UpstreamStore(database, SecretBox.open_existing(config.storage.directory.absolute(), environ))


@contextmanager
def _database(config: Config) -> Iterator[Database | None]:
    """The database for reading, if there is one."""
    directory = config.storage.directory.absolute()
    if not has_database(directory):
        yield None
        return
    database = Database.open(directory / DATABASE_NAME, read_only=True)
    try:
        yield database
    finally:
        database.close()
