"""Whether the upstream answers "unchanged" to a question about a page that we have (RFC 9110 section 13)."""

from __future__ import annotations

from pyproxy.admin.upstream_test.asking import Asking
from pyproxy.admin.upstream_test.project_page import Asked
from pyproxy.admin.upstream_test.refusals import explained, phrase
from pyproxy.admin.upstream_test.steps import Step
from pyproxy.errors import UpstreamError

NAME = "unchanged pages"
_COSTS = "each look for news fetches the whole page: a longer index_ttl makes that rarer"


async def check_unchanged(asking: Asking, asked: Asked) -> Step:
    """Ask for the page once more, with what it was marked with the first time."""
    assert asked.answer is not None
    headers = asked.answer.headers
    etag, modified = headers.get("etag"), headers.get("last-modified")
    if etag is None and modified is None:
        return Step(NAME, "warning", None, "its pages have neither an ETag nor a Last-Modified", _COSTS)
    marked = "ETag" if etag is not None else "Last-Modified"
    conditions = {"If-None-Match": etag, "If-Modified-Since": modified}
    try:
        answer = await asking.page(
            asked.answer.url, headers={name: value for name, value in conditions.items() if value is not None}
        )
    except UpstreamError as error:
        return Step(NAME, "warning", None, *explained(error, asking.settings))
    if answer.status == 304:
        return Step(NAME, "ok", answer.seconds, f"answered with 304, by {marked}")
    found = f"its pages carry {marked}, but it answers {phrase(answer.status)} to a question about the same page"
    return Step(NAME, "warning", answer.seconds, found, _COSTS)
