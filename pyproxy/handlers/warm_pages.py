"""Project pages that are known, fresh and rendered, for the short way (``short_way.py``).

The page is what the repository has at hand; its head comes from where the handler takes it (``rendered_head.py``).
"""

from __future__ import annotations

from pyproxy.errors import NotAcceptable
from pyproxy.handlers.base import Services
from pyproxy.handlers.rendered_head import page_head
from pyproxy.handlers.short_way import Asked, WarmAnswer
from pyproxy.handlers.simple import VARY, ProjectHandler
from pyproxy.simple.negotiate import accepts_gzip, choose_format

PREFIX = "/simple/"


def find_page(services: Services, asked: Asked) -> WarmAnswer | None:
    """The page, in the format and coding that the client wants."""
    uri, fields = asked.uri, asked.fields
    if not (uri.startswith(PREFIX) and uri.endswith("/")):
        return None
    page = services.repository.at_hand(uri[len(PREFIX) : -1])
    if page is None:
        return None
    try:
        format = choose_format(fields.get("Accept"))
    except NotAcceptable:
        return None
    gzip = accepts_gzip(fields.get("Accept-Encoding"))
    rendered = services.rendered.at_hand(page, format, gzip=gzip)
    if rendered is None:
        return None
    head = page_head(
        page,
        format.content_type,
        rendered.etag_base,
        gzip=gzip,
        if_none_match=fields.get("If-None-Match"),
        public=True,
        now=services.clock(),
    )
    return WarmAnswer(
        asked,
        {**head.headers, "Vary": VARY},
        rendered.body,
        status=head.status,
        route=ProjectHandler.route,
        project=page.project,
        outcome=page.freshness.value,
        upstream=page.upstream,
    )
