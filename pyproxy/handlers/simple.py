"""The Simple Repository API: ``/simple/`` and ``/simple/<project>/`` (PEP 503, PEP 691)."""

from __future__ import annotations

from pyproxy.errors import PageGone
from pyproxy.handlers.base import BaseHandler
from pyproxy.repositories.base import ProjectPage
from pyproxy.repositories.resolution import Freshness
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import normalize
from pyproxy.simple.negotiate import Format, accepts_gzip, choose_format
from pyproxy.simple.work import Rendered, render_list

MAX_AGE_LIMIT = 600
"""Seconds that clients may keep a page; PyPI's own figure."""

CANONICAL_FOR = "public, max-age=86400"
"""How long clients may keep a redirect to the right spelling: it never changes."""


class SimpleHandler(BaseHandler):
    """What the list and the pages share: negotiation and conditional answers."""

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Vary", "Accept, Accept-Encoding")  # on redirects and errors too

    def choose_format(self) -> Format:
        """The format this client gets; raises `NotAcceptable`."""
        accept = ", ".join(self.request.headers.get_list("Accept")) or None
        return choose_format(accept, self.get_query_argument("format", None))

    def send(self, rendered: Rendered, format: Format, max_age: int) -> None:
        """The rendered page, or 304 where the client has it."""
        gzip = accepts_gzip(self.request.headers.get("Accept-Encoding"))
        self.set_header("Content-Type", format.content_type)
        self.set_header("Cache-Control", f"public, max-age={max_age}" if max_age else "max-age=0")
        # A strong ETag names bytes, so each coding has its own (RFC 9110 section 8.8.3.3).
        self.set_header("Etag", f'"{rendered.etag_base}-gzip"' if gzip else f'"{rendered.etag_base}"')
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
            return
        if gzip:
            self.set_header("Content-Encoding", "gzip")
        self.finish(rendered.gzipped if gzip else rendered.body)


class ProjectHandler(SimpleHandler):
    """One project's page."""

    async def get(self, raw_name: str, slash: str) -> None:
        project = normalize(raw_name)
        self.subject = project
        if raw_name != project or not slash:
            # Relative, so that it is right behind any prefix. 301 is safe here alone: spelling never changes.
            self.redirect_to(project, slash)
            return
        format = self.choose_format()
        page = await self.repository.get_project_detail(project)
        try:
            rendered = self.services.rendered.at_hand(page, format) or await self.services.rendered.get(page, format)
        except PageGone:  # purged since it was decided
            page = await self.repository.get_project_detail(project)
            rendered = await self.services.rendered.get(page, format)
        self.outcome, self.upstream = page.freshness.value, page.upstream
        self.set_header("Cache-Status", cache_status(page))
        self.set_header("X-Pyproxy-Upstream", page.upstream)
        self.send(rendered, format, max_age(page, self.services.clock()))

    head = get

    def redirect_to(self, project: NormalizedName, slash: str) -> None:
        """To the normalised spelling, keeping the query."""
        query = f"?{self.request.query}" if self.request.query else ""
        self.set_status(301)
        self.set_header("Cache-Control", CANONICAL_FOR)
        self.set_header("Location", (f"../{project}/" if slash else f"{project}/") + query)
        self.finish()


class ListHandler(SimpleHandler):
    """The projects known here."""

    async def get(self) -> None:
        format = self.choose_format()
        projects = await self.repository.get_project_list()
        rendered = await self.services.workshop.run(len(projects.names) * 64, render_list, projects.names, format)
        self.set_header("Cache-Status", "pyproxy; hit")
        self.send(rendered, format, 0)

    head = get


class SlashHandler(SimpleHandler):
    """``/simple`` without its slash: relative links would break there."""

    def get(self) -> None:
        self.set_status(301)
        self.set_header("Cache-Control", CANONICAL_FOR)
        self.set_header("Location", "simple/" + (f"?{self.request.query}" if self.request.query else ""))
        self.finish()

    head = get


def cache_status(page: ProjectPage) -> str:
    """RFC 9211: ``pyproxy; hit``, ``fwd=miss`` or ``fwd=stale``; degraded answers say so."""
    if page.degraded:
        return "pyproxy; fwd=miss; detail=degraded"
    if page.freshness is Freshness.HIT:
        return "pyproxy; hit"
    if page.freshness is Freshness.MISS:
        return "pyproxy; fwd=miss"
    return f"pyproxy; fwd=stale; detail={page.stale_because}"


def max_age(page: ProjectPage, now: float) -> int:
    """How long clients may keep the page, in whole seconds: never longer than it is fresh here."""
    if page.degraded or page.freshness is Freshness.STALE:
        return 0
    return max(0, min(int(page.fresh_until - now), MAX_AGE_LIMIT))
