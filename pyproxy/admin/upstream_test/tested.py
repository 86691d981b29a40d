"""Whose settings are tested, and what has to be known for it. Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyproxy.admin.upstream_test.names_to_ask import project_to_ask
from pyproxy.errors import ConfigurationError
from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.pages import PageStore
from pyproxy.storage.upstreams import StoredUpstream, UpstreamStore

KNOWN_PROJECTS = 5
"""How many names are taken from the pages that an upstream has had."""


@dataclass(frozen=True, slots=True)
class Tested:
    """What is tested: its settings, names of projects that it has had, and the upstreams beside it."""

    settings: UpstreamSettings
    known: Sequence[NormalizedName] = ()
    others: Sequence[StoredUpstream] = ()

    def project(self, text: str, key: str = "--project") -> NormalizedName | None:
        """The project to look at, if one is given. Raises `ConfigurationError` with ``key`` for one never asked for."""
        if not text:
            return None
        try:
            return project_to_ask(text, self.settings, self.others)
        except ConfigurationError as error:
            error.key = key
            raise


def as_stored(store: UpstreamStore, pages: PageStore, name: str) -> Tested:
    """A stored upstream. Raises `UnknownUpstream`, `StorageError`."""
    settings = store.get(name).settings
    return as_given(store, settings, known_of(store, pages, name, settings))


def as_given(store: UpstreamStore, settings: UpstreamSettings, known: Sequence[NormalizedName] = ()) -> Tested:
    """Settings as they are, beside the stored upstreams of other names."""
    others = [other for other in store.list(reveal=False) if other.settings.name != settings.name]
    return Tested(settings, known, others)


def known_of(
    store: UpstreamStore, pages: PageStore, name: str, settings: UpstreamSettings
) -> Sequence[NormalizedName]:
    """Projects that a stored upstream has had, if the settings lead to the same index."""
    stored = store.get(name, reveal=False)
    same = stored.settings.index_url == settings.index_url
    return pages.projects_of(stored.key, KNOWN_PROJECTS) if same else ()
