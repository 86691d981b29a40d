"""The figures of a running server: counted, sampled, and rendered for ``/metrics``.

Imported late: when ``prometheus_client`` is imported, it must be decided where its values live (``shared_figures.py``).
"""

from __future__ import annotations

import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from pyproxy import __version__
from pyproxy.app.chain import Chain
from pyproxy.app.resources import Resources
from pyproxy.app.shared_figures import shared_folder
from pyproxy.config.model import Config
from pyproxy.errors import StorageError
from pyproxy.handlers.running import RunningRequests
from pyproxy.monitoring.exposition import Exposition
from pyproxy.monitoring.meters import Meters
from pyproxy.monitoring.sampling import sample
from pyproxy.monitoring.state import State
from pyproxy.storage.sizes import Sizes, free_bytes, read_sizes

log = logging.getLogger(__name__)


class Figures:
    """One process's; ``meters`` count."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._storage = config.storage
        self._resources = resources
        # What one process tells of itself means something where it is the only one.
        self._exposition = Exposition(shared_folder(), alone=config.server.processes == 1)
        self.meters = Meters(self._exposition.registry)

    def sampling(self, chain: Chain, requests: RunningRequests) -> Coroutine[Any, Any, None]:
        """What has to run in the background."""
        return sample(
            self.meters.samples,
            transfers=lambda: len(self._resources.downloads),
            requests=lambda: requests.count,
            resting=lambda: {
                upstream.name: upstream.standing.health.resting for upstream in chain.current.priority.upstreams
            },
        )

    async def expose(self, accept: str) -> tuple[bytes, str]:
        """The metrics in the format that ``Accept`` asks for, and its Content-Type.

        A database that cannot be read costs only the figures in it: that is when monitoring matters most.
        """
        active: dict[str, bool] = {}
        sizes: Sizes | None = None
        try:
            stored = self._resources.upstreams.list(reveal=False)
            active = {upstream.settings.name: upstream.settings.active for upstream in stored}
            sizes = await read_sizes(self._resources.database)
        except StorageError as error:
            log.warning("the figures lack what is kept: %s", error)
        state = State(
            version=__version__,
            active=active,
            cached_bytes=sizes.content_bytes if sizes else None,
            cached_files=sizes.contents if sizes else None,
            known_pages=sizes.answers if sizes else None,
            max_bytes=self._storage.max_size,
            free_bytes=free_bytes(Path(self._storage.directory)),
            min_free_bytes=self._storage.min_free,
        )
        return self._exposition.render(state, accept)
