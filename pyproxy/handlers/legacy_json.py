"""The legacy JSON API: ``/pypi/<project>/json`` and ``/pypi/<project>/<version>/json``, with and without final slash.

Asked by PDM (``pypi.json_api``), Dependabot, Renovate, Poetry and pip-audit, which take the URLs in it as they are: so
they are absolute, at the address that the client used.
"""

from __future__ import annotations

from pyproxy.handlers.conditional import ConditionalHandler
from pyproxy.handlers.rendered_head import cache_status, seconds_to_keep
from pyproxy.handlers.simple import CANONICAL_FOR
from pyproxy.handlers.visited import visited_address
from pyproxy.repositories.base import JsonAnswer
from pyproxy.simple.names import normalize

PATH = "/pypi/"


class LegacyJsonHandler(ConditionalHandler):
    """A project's document, or one release's."""

    route = "json"

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Vary", "Accept-Encoding")

    async def get(self, raw_name: str, version: str | None) -> None:
        project = normalize(raw_name)
        self.subject = self.project = project
        if raw_name != project:
            self.redirect_to(project)
            return
        answer = await self.repository.get_project_json(project, version, visited_address(self))
        self.outcome, self.upstream = answer.freshness.value, answer.upstream
        self.set_header("Cache-Status", _cache_status(answer))
        self.set_header("X-Pyproxy-Upstream", answer.upstream)
        max_age = seconds_to_keep(answer.freshness, answer.fresh_until, self.services.clock())
        rendered, gzip = answer.rendered, self.accepts_gzip()
        if self.announce("application/json", rendered.etag_base, gzip=gzip, max_age=max_age):
            self.finish_with(rendered.gzipped if gzip else rendered.body)

    head = get

    def redirect_to(self, project: str) -> None:
        """To the normalised spelling of the name: relative, so that it is right behind any prefix."""
        rest = self.request.path.removeprefix(PATH).partition("/")[2]  # as the client has encoded it
        query = f"?{self.request.query}" if self.request.query else ""
        self.set_status(301)
        self.allow_keeping(CANONICAL_FOR)
        self.set_header("Location", f"{'../' * (rest.count('/') + 1)}{project}/{rest}{query}")
        self.finish()


def _cache_status(answer: JsonAnswer) -> str:
    status = cache_status(answer.freshness, answer.stale_because, degraded=answer.degraded)
    return f"{status}; detail={answer.made}" if answer.made and "detail=" not in status else status
