"""The settings of the running server, put together from what it was started with and what the database has now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyproxy.admin.settings.overview import Paths, Processes, Programs, Setting, SettingsOverview
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.upstreams import UpstreamStore


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """For the administration's thread, since ``upstreams`` belongs to it.

    ``processes`` looks which ones there are now; ``write`` makes a configuration file of upstreams whose secrets read
    ``***``; ``clock`` gives unix seconds.
    """

    settings: tuple[Setting, ...]
    programs: Programs
    paths: Paths
    processes: Callable[[], Processes]
    upstreams: UpstreamStore
    write: Callable[[Sequence[UpstreamSettings]], str]
    clock: Callable[[], float]

    def overview(self) -> SettingsOverview:
        """What holds, as plain values."""
        return SettingsOverview(
            settings=self.settings,
            programs=self.programs,
            paths=self.paths,
            processes=self.processes(),
            now=self.clock(),
        )

    def copy(self) -> str:
        """A ``pyproxy.yaml`` that starts an equal server, with a ``${NAME}`` for each secret. Raises `StorageError`."""
        return self.write([stored.settings for stored in self.upstreams.list(reveal=False)])
