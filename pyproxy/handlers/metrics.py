"""``/metrics`` for Prometheus."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pyproxy.handlers.base import BaseHandler, Services

Expose = Callable[[str], Awaitable[tuple[bytes, str]]]
"""Given ``Accept``, the metrics and their Content-Type."""


class MetricsHandler(BaseHandler):
    """All figures of this server, whichever of its processes answers."""

    route = "metrics"

    def initialize(self, services: Services, expose: Expose) -> None:  # type: ignore[override]
        super().initialize(services)
        self._expose = expose

    async def get(self) -> None:
        body, content_type = await self._expose(self.request.headers.get("Accept", ""))
        self.set_header("Content-Type", content_type)
        self.set_header("Cache-Control", "no-store")
        self.finish(body)

    head = get
