"""Signs of life for machines: ``/healthz`` (the process answers) and ``/readyz`` (it can do its work)."""

from __future__ import annotations

import json
from collections.abc import Callable

from pyproxy.handlers.base import BaseHandler, Services


class HealthHandler(BaseHandler):
    """200 as long as the event loop turns."""

    route = "health"

    def get(self) -> None:
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.finish(b'{"status": "ok"}')

    head = get


class ReadyHandler(BaseHandler):
    """200 when requests can be served, else 503; each check is named with what is wrong.

    Upstreams are no part of it: with all of them down, what is cached is served.
    """

    route = "health"

    def initialize(self, services: Services, checks: dict[str, Callable[[], str | None]]) -> None:  # type: ignore[override]
        super().initialize(services)
        self._checks = checks

    def get(self) -> None:
        results = {name: check() or "ok" for name, check in self._checks.items()}
        ready = all(result == "ok" for result in results.values())
        self.set_status(200 if ready else 503)
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps({"status": "ready" if ready else "not ready", "checks": results}).encode())

    head = get
