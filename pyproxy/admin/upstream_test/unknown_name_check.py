"""What the upstream answers for a project that nobody has: only a clear no lets the next upstream answer."""

from __future__ import annotations

from pyproxy.admin.upstream_test.asking import Asking
from pyproxy.admin.upstream_test.names_to_ask import unknown_name
from pyproxy.admin.upstream_test.project_page import Asked, ask_for_project
from pyproxy.admin.upstream_test.refusals import phrase
from pyproxy.admin.upstream_test.steps import Step
from pyproxy.errors import UpstreamForbidden
from pyproxy.settings import UpstreamSettings

NAME = "unknown name"


async def check_unknown_name(asking: Asking) -> Step:
    """Ask for one, such that the project patterns are kept to."""
    settings = asking.settings
    name = unknown_name(settings)
    if name is None:
        return Step(NAME, "skipped", None, "the project patterns admit no name that nobody has")
    asked = await ask_for_project(asking, settings.index_url, name)
    seconds = asked.answer.seconds if asked.answer else None
    if asked.kind == "missing" and asked.answer is not None:
        return Step(NAME, "ok", seconds, f"answered with {phrase(asked.answer.status)}")
    if asked.kind == "empty":
        return _empty(asked, seconds)
    if asked.kind == "page":
        found = f"it answers {name} with a page of files: pyproxy cannot know which projects it lacks"
        return Step(NAME, "failed", seconds, found, _only_its_own(settings))
    if isinstance(asked.error, UpstreamForbidden) and asked.error.rule == "host":
        found = f"{asked.found}: that is what it does with names that it does not have"
        advice = "switch that off at the server (pypiserver: --disable-fallback, GitLab: package forwarding)"
        return _severity(settings, seconds, found, f"{advice}, or {_only_its_own(settings)}")
    found = f"{asked.found}; that is no clear no, so pyproxy takes it for a failure" if asked.found else "no clear no"
    return _severity(settings, seconds, found, f"have the server answer 404, or {_only_its_own(settings)}")


def _empty(asked: Asked, seconds: float | None) -> Step:
    if asked.judged is not None:
        # In JSON an empty page is a project without files, and hides it from the next upstream.
        found = "it answers with an empty JSON page: pyproxy takes every name for one that it has"
        return Step(NAME, "failed", seconds, found, "have the server answer 404, or set projects to its own names")
    found = "it answers with an empty page instead of 404; pyproxy takes that for a no"
    return Step(NAME, "warning", seconds, found, "a project whose last file was removed there counts as missing, too")


def _severity(settings: UpstreamSettings, seconds: float | None, found: str, advice: str) -> Step:
    """With patterns, only names that it should have are asked for."""
    return Step(NAME, "warning" if settings.projects else "failed", seconds, found, advice)


def _only_its_own(settings: UpstreamSettings) -> str:
    return "see that projects names only what it has" if settings.projects else "set projects to the names that it has"
