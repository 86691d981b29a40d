"""The Simple Repository API: ``/simple/`` and ``/simple/<project>/`` (PEP 503, PEP 691)."""

from __future__ import annotations

from tornado.httputil import HTTPHeaders

from pyproxy.errors import PageGone
from pyproxy.handlers.conditional import ConditionalHandler
from pyproxy.handlers.rendered_head import cache_status, page_head, seconds_to_keep
from pyproxy.handlers.streaming import StreamingHandler
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import normalize
from pyproxy.simple.negotiate import Format, choose_format

VARY = "Accept, Accept-Encoding"
"""What decides between the forms of an answer; on redirects and errors too."""

CANONICAL_FOR = "max-age=86400"
"""How long clients may keep a redirect to the right spelling: it never changes."""


class SimpleHandler(ConditionalHandler):
    """What the list and the pages share: negotiation and conditional answers."""

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Vary", VARY)

    def choose_format(self) -> Format:
        """The format this client gets; raises `NotAcceptable`."""
        return choose_format(accept_of(self.request.headers), self.get_query_argument("format", None))


class ProjectHandler(SimpleHandler):
    """One project's page."""

    route = "page"

    async def get(self, raw_name: str, slash: str) -> None:
        project = normalize(raw_name)
        self.subject = self.project = project
        if raw_name != project or not slash:
            # Relative, so that it is right behind any prefix. 301 is safe here alone: spelling never changes.
            self.redirect_to(project, slash)
            return
        format, gzip, pages = self.choose_format(), self.accepts_gzip(), self.services.rendered
        page = await self.repository.get_project_detail(project)
        try:
            rendered = pages.at_hand(page, format, gzip=gzip) or await pages.get(page, format, gzip=gzip)
        except PageGone:  # purged since it was decided
            page = await self.repository.get_project_detail(project)
            rendered = await pages.get(page, format, gzip=gzip)
        self.outcome, self.upstream = page.freshness.value, page.upstream
        head = page_head(
            page,
            format.content_type,
            rendered.etag_base,
            gzip=gzip,
            if_none_match=self.if_none_match,
            public=self.is_public,
            now=self.services.clock(),
        )
        if self.begin(head):
            self.finish_with(rendered.body)

    head = get

    def redirect_to(self, project: NormalizedName, slash: str) -> None:
        """To the normalised spelling, keeping the query."""
        query = f"?{self.request.query}" if self.request.query else ""
        self.set_status(301)
        self.allow_keeping(CANONICAL_FOR)
        self.set_header("Location", (f"../{project}/" if slash else f"{project}/") + query)
        self.finish()


class ListHandler(SimpleHandler, StreamingHandler):
    """The list of projects: those known here, or an upstream's, which may be tens of megabytes from the disk."""

    route = "list"
    subject = "the list of projects"

    async def get(self) -> None:
        format, gzip = self.choose_format(), self.accepts_gzip()
        self.wait_from_now()
        async with self.in_time():
            answer = await self.repository.get_project_list(format, gzip=gzip)
        try:
            self.outcome = answer.freshness.value
            self.set_header("Cache-Status", cache_status(answer.freshness, answer.stale_because))
            if answer.upstream:
                self.upstream = answer.upstream
                self.set_header("X-Pyproxy-Upstream", answer.upstream)
            max_age = seconds_to_keep(answer.freshness, answer.fresh_until, self.services.clock())
            if not self.announce(format.content_type, answer.etag_base, gzip=gzip, max_age=max_age):
                return
            self.set_header("Content-Length", str(answer.size))
            if self.request.method == "HEAD":
                self.finish()
            else:
                await self.stream(answer.pieces(), answer.size)
        finally:
            answer.close()

    head = get


class SlashHandler(SimpleHandler):
    """``/simple`` without its slash: relative links would break there."""

    route = "redirect"

    def get(self) -> None:
        self.set_status(301)
        self.allow_keeping(CANONICAL_FOR)
        self.set_header("Location", "simple/" + (f"?{self.request.query}" if self.request.query else ""))
        self.finish()

    head = get


def accept_of(headers: HTTPHeaders) -> str | None:
    """The ``Accept`` of a request; several are one."""
    return ", ".join(headers.get_list("Accept")) or None
