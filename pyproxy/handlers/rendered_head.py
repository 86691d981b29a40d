"""The heads of answers that were rendered before: freshness, coding, ETag, and whether the client has it already.

Pure, and the only place that knows: handlers and the short way to a warm page (``short_way.py``) answer alike.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pyproxy.repositories.base import ProjectPage
from pyproxy.repositories.resolution import Freshness

MAX_AGE_LIMIT = 600
"""Seconds that clients may keep a page; PyPI's own figure."""

IF_NONE_MATCH_LENGTH = 8192
"""A longer list of ETags counts as none: no client has so many, and to read some hundred kilobytes takes time."""

_ETAGS = re.compile(r'\*|(?:W/)?"[^"]*"')


class Head(NamedTuple):
    """A status, 200 or 304, and what goes with it, besides the headers that every answer has."""

    status: int
    headers: dict[str, str]


def head_of(content_type: str, etag_base: str, *, gzip: bool, cache_control: str, if_none_match: str | None) -> Head:
    """The head of what is named by an ETag, for a client that has sent this ``If-None-Match``."""
    # A strong ETag names bytes, so each coding has its own (RFC 9110 section 8.8.3.3).
    etag = f'"{etag_base}-gzip"' if gzip else f'"{etag_base}"'
    headers = {"Cache-Control": cache_control, "Etag": etag}
    if if_none_match and is_known(etag, if_none_match):
        return Head(304, headers)
    headers["Content-Type"] = content_type
    if gzip:
        headers["Content-Encoding"] = "gzip"
    return Head(200, headers)


def page_head(
    page: ProjectPage,
    content_type: str,
    etag_base: str,
    *,
    gzip: bool,
    if_none_match: str | None,
    public: bool,
    now: float,
) -> Head:
    """The head of a project's page; ``public``: everybody may read it. ``now`` is in unix seconds."""
    control = cache_control(max_age(page, now), public=public)
    head = head_of(content_type, etag_base, gzip=gzip, cache_control=control, if_none_match=if_none_match)
    head.headers["Cache-Status"] = cache_status(page.freshness, page.stale_because, degraded=page.degraded)
    head.headers["X-Pyproxy-Upstream"] = page.upstream
    return head


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether ``If-None-Match`` names this strong ETag (RFC 9110 section 13.1.2, which compares weakly)."""
    if len(if_none_match) > IF_NONE_MATCH_LENGTH:
        return False
    named = _ETAGS.findall(if_none_match)
    return bool(named) and (named[0] == "*" or any(each.removeprefix("W/") == etag for each in named))


def cache_control(max_age: int, *, public: bool) -> str:
    """For so many seconds an answer may be kept; 0: not without asking again."""
    return may_keep(f"max-age={max_age}", public=public) if max_age else must_ask("max-age=0", public=public)


def may_keep(lifetime: str, *, public: bool) -> str:
    """The ``Cache-Control`` of what everybody may keep, or its client alone, where not everybody may read."""
    return f"public, {lifetime}" if public else f"private, {lifetime}"


def must_ask(directive: str, *, public: bool) -> str:
    """The ``Cache-Control`` of what has to be asked for again (``no-cache``, ``max-age=0``)."""
    return directive if public else f"private, {directive}"


def cache_status(freshness: Freshness, stale_because: str, *, degraded: bool = False) -> str:
    """RFC 9211: ``pyproxy; hit``, ``fwd=miss`` or ``fwd=stale``; degraded answers say so."""
    if degraded:
        return "pyproxy; fwd=miss; detail=degraded"
    if freshness is Freshness.HIT:
        return "pyproxy; hit"
    if freshness is Freshness.MISS:
        return "pyproxy; fwd=miss"
    return f"pyproxy; fwd=stale; detail={stale_because}"


def max_age(page: ProjectPage, now: float) -> int:
    """How long clients may keep the page, in whole seconds."""
    return 0 if page.degraded else seconds_to_keep(page.freshness, page.fresh_until, now)


def seconds_to_keep(freshness: Freshness, fresh_until: float, now: float) -> int:
    """How long clients may keep an answer: never longer than it is fresh here, and a stale one not at all."""
    seconds = fresh_until - now
    if freshness is Freshness.STALE or seconds < 1:
        return 0
    return int(seconds) if seconds < MAX_AGE_LIMIT else MAX_AGE_LIMIT
