"""One project page of an upstream: asked for, read, and what kept it from being one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from pyproxy.admin.upstream_test.asking import Answer, Asking
from pyproxy.admin.upstream_test.page_findings import Page
from pyproxy.admin.upstream_test.page_reading import Judged, judge
from pyproxy.admin.upstream_test.refusals import explained, no_answer
from pyproxy.errors import EmptyIndexPage, NotAnIndexPage, UpstreamError, WorkTooLong
from pyproxy.simple.model import NormalizedName

Kind = Literal["page", "empty", "missing", "refused", "not a page", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of asking for a project.

    ``judged`` is there for a page and for an empty one in JSON; ``answer`` unless none came, for which ``error`` is
    the reason. For the other kinds ``found`` and ``advice`` say what is wrong.
    """

    project: NormalizedName
    kind: Kind
    answer: Answer | None = None
    judged: Judged | None = None
    found: str = ""
    advice: str | None = None
    error: UpstreamError | None = None


async def ask_for_project(asking: Asking, index_url: str, project: NormalizedName) -> Asked:
    """Ask below ``index_url``; whatever happens is told, nothing raised."""
    try:
        answer = await asking.page(f"{index_url}{quote(project)}/")
    except UpstreamError as error:
        found, advice = explained(error, asking.settings)
        return Asked(project=project, kind="failed", found=found, advice=advice, error=error)
    if answer.status == 200:
        return await _read(asking, project, answer)
    if answer.status in (404, 410):
        return Asked(project=project, kind="missing", answer=answer, found=f"it has no project {project}")
    found, advice = no_answer(answer.status, answer.headers, answer.body, asking.settings)
    kind: Kind = "refused" if answer.status in (401, 403) else "failed"
    return Asked(project=project, kind=kind, answer=answer, found=found, advice=advice)


async def _read(asking: Asking, project: NormalizedName, answer: Answer) -> Asked:
    page = Page(
        project=project,
        body=answer.body,
        content_type=answer.content_type,
        url=answer.url,
        seconds=answer.seconds,
        index_url=asking.settings.index_url,
        origin=asking.settings.origin,
    )
    try:
        judged = await asking.conditions.work(len(answer.body), judge, page)
    except EmptyIndexPage:
        return Asked(project=project, kind="empty", answer=answer, found=f"its page of {project} lists no file")
    except NotAnIndexPage as error:
        advice = "check url and index_path, and whether something on the way (a login, a portal) answers in its place"
        return Asked(project=project, kind="not a page", answer=answer, found=str(error), advice=advice)
    except WorkTooLong as error:
        found = f"its page of {project} cannot be used: {error}"
        return Asked(project=project, kind="not a page", answer=answer, found=found)
    kind: Kind = "page" if judged.files else "empty"
    return Asked(project=project, kind=kind, answer=answer, judged=judged, found=f"its page of {project} is empty")
