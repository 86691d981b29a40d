"""An upstream's answer as the page that is stored, worked on where that stalls nobody."""

from __future__ import annotations

from pyproxy.net.fetcher import FetchedPage
from pyproxy.repositories.workshop import Workshop
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.parse import is_json
from pyproxy.simple.work import Prepared, prepare

HTML_EFFORT = 3
"""A byte of HTML takes at least so many times the time of one of JSON, and there are pages that take far more."""


async def prepared(workshop: Workshop, answer: FetchedPage, project: NormalizedName) -> Prepared:
    """Raises what `prepare` raises, and `WorkTooLong`."""
    size, arguments = len(answer.body), (answer.body, answer.content_type, answer.url, project)
    if is_json(answer.body, answer.content_type):
        return await workshop.run_linear(size, prepare, *arguments)
    return await workshop.run(size * HTML_EFFORT, prepare, *arguments)
