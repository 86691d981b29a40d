"""All that is counted in one process.

Names follow Prometheus' conventions: base units, counters end in ``_total``. Labels take few values: routes, outcomes,
statuses, the upstreams' names; never a project or a file, of which there are millions. With several processes
``prometheus_client`` keeps the values in files that all of them share (``exposition.py``), so that they add up.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from pyproxy.monitoring.client_requests import ClientRequests
from pyproxy.monitoring.connections import RefusedConnections
from pyproxy.monitoring.samples import Samples
from pyproxy.monitoring.upstream_requests import UpstreamRequests


class Meters:
    """All kinds of figures, in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.clients = ClientRequests(registry)
        self.refused = RefusedConnections(registry)
        self.upstreams = UpstreamRequests(registry)
        self.samples = Samples(registry)
