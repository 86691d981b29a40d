"""Tests of upstreams, stored or not, with the rules of storing them: no secret goes where it could not be moved to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

from pyproxy.admin.upstream_test.conditions import Conditions
from pyproxy.admin.upstream_test.steps import Step
from pyproxy.admin.upstream_test.tested import Tested, as_given, as_stored, known_of
from pyproxy.admin.upstream_test.walk import examine
from pyproxy.admin.upstream_test.watching import Begun, watched
from pyproxy.admin.upstreams.upstreams import Upstreams
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.pages import PageStore
from pyproxy.storage.upstreams import UpstreamStore

UNNAMED = "test"
"""What an upstream is called that has no name yet."""


class UpstreamTests:
    """``stored`` and ``given`` belong to the administration's thread, ``steps`` to the event loop."""

    def __init__(
        self, upstreams: Upstreams, *, store: UpstreamStore, pages: PageStore, conditions: Conditions
    ) -> None:
        self._upstreams = upstreams
        self._store = store
        self._pages = pages
        self._conditions = conditions

    def stored(self, name: str) -> Tested:
        """The stored one. Raises `UnknownUpstream`, `StorageError`."""
        return as_stored(self._store, self._pages, name)

    def given(self, values: Mapping[str, object], *, like: str | None = None) -> Tested:
        """What `Upstreams.add` or ``change`` would store; raises what they do."""
        if like is None and not values.get("name"):
            values = {**values, "name": UNNAMED}
        settings = self._upstreams.draft(values, like=like)
        known = known_of(self._store, self._pages, like, settings) if like is not None else ()
        return as_given(self._store, settings, known)

    def steps(self, tested: Tested, project: NormalizedName | None) -> AsyncGenerator[Begun | Step]:
        """The test, step by step as it happens; closing it ends it. ``project`` is of `Tested.project`."""
        return watched(
            lambda begins: examine(
                tested.settings, self._conditions, project=project, known=tested.known, begins=begins
            )
        )
