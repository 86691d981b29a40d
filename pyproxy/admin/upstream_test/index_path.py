"""Where the index is, when it is not where the settings say: the URL itself, or below another path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pyproxy.admin.upstream_test.asking import Asking
from pyproxy.admin.upstream_test.names_to_ask import LIST_BYTES, askable, listed
from pyproxy.admin.upstream_test.project_page import ask_for_project
from pyproxy.errors import UpstreamError
from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName

USUAL_PATHS = ("simple", "+simple", "")


@dataclass(frozen=True, slots=True)
class Place:
    """An index that was found, and how to set it."""

    index_url: str
    advice: str


async def elsewhere(asking: Asking, project: NormalizedName | None) -> Place | None:
    """Another place below the same URL that has the project, or a list whose projects have pages."""
    for settings, advice in _alternatives(asking.settings):
        url = settings.index_url
        names = [project] if project is not None else []
        try:
            answer = await asking.page(url, enough=LIST_BYTES)
        except UpstreamError:
            continue
        if answer.status == 200:
            names += list(askable(listed(answer) or (), settings))[:2]
        for name in names:
            if (await ask_for_project(asking, url, name)).kind == "page":
                return Place(url, advice)
    return None


def _alternatives(settings: UpstreamSettings) -> Iterator[tuple[UpstreamSettings, str]]:
    """Other settings that mean another index URL on the same host, the likeliest first."""
    base = settings.url.rstrip("/")
    seen = {settings.index_url}
    for path in USUAL_PATHS:
        if (changed := replace(settings, index_path=path)).index_url not in seen:
            seen.add(changed.index_url)
            yield changed, f"set index_path={path}"
    # A URL that ends in "simple" is taken for the index itself; perhaps it is one segment too long, or too short.
    parent = base.rpartition("/")[0]
    if parent.count("/") >= 2:
        for path in USUAL_PATHS:
            changed = replace(settings, url=parent + "/", index_path=path)
            if changed.index_url not in seen:
                seen.add(changed.index_url)
                yield changed, f"set url={parent}/ index_path={path}"
