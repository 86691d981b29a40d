"""Explanations made by hand, with the few facts that a test is about."""

from __future__ import annotations

from typing import Any

from pyproxy.admin.explanation.model import Explanation, KeptView, KnownView, ListingView, Role, State, UpstreamView
from pyproxy.admin.explanation.story import story
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.failures import Failure
from pyproxy.storage.kept import KeptFile

NOW = 1_800_000_000.0
HOUR, DAY = 3600.0, 86400.0


def known(*, found: bool = True, age: float = 60.0, **facts: Any) -> KnownView:
    """An answer that was confirmed ``age`` seconds ago: fresh for five minutes, usable for thirty days."""
    defaults: dict[str, Any] = {
        "checked_at": NOW - age,
        "changed_at": NOW - age,
        "fresh_until": NOW - age + 300,
        "usable_until": NOW - age + 30 * DAY,
        "conditional": True,
    }
    if found:
        defaults |= {"files": 213, "releases": 14, "newest": "2.1.0"}
    return KnownView(found=found, **{**defaults, **facts})


def failure(**facts: Any) -> Failure:
    """A failure of the project's page, twice, that goes on."""
    defaults: dict[str, Any] = {
        "upstream_id": 1,
        "route": "page",
        "project": "demo",
        "filename": "",
        "kind": "timeout",
        "reason": "did not answer within 5 s",
        "first_at": NOW - HOUR,
        "last_at": NOW - 120,
        "times": 2,
        "over_at": None,
    }
    return Failure(**{**defaults, **facts})


def upstream(name: str = "first", role: Role = Role.OWNER, position: int = 1, **facts: Any) -> UpstreamView:
    """An upstream; it answers and all is well unless it is said otherwise."""
    defaults: dict[str, Any] = {
        "index_url": f"https://{name}.example.org/simple/",
        "active": True,
        "on_failure": "next",
        "projects": (),
        "excluded_projects": (),
        "known": known(),
        "next": False,
        "rest": None,
        "rest_is_old": False,
        "recorded": 0,
        "failures": (),
        "failing": None,
    }
    return UpstreamView(position=position, name=name, role=role, **{**defaults, **facts})


def listing(name: str = "first", **facts: Any) -> ListingView:
    """A wheel as an upstream lists it."""
    defaults: dict[str, Any] = {
        "url": f"https://{name}.example.org/demo-1.0-py3-none-any.whl",
        "size": 1000,
        "hashes": {"sha256": "a" * 64},
        "recorded_sha256": None,
        "upload_time": None,
        "yanked": False,
        "requires_python": None,
        "core_metadata": False,
    }
    return ListingView(upstream=name, **{**defaults, **facts})


def explanation(state: State = State.SERVED, *upstreams: UpstreamView, **facts: Any) -> Explanation:
    """Of the project ``demo``; its owner is the upstream with that role."""
    owner = next((view.name for view in upstreams if view.role is Role.OWNER), None)
    defaults: dict[str, Any] = {
        "given": "demo",
        "owner": owner,
        "degraded": False,
        "status": None,
        "error": None,
        "because": (),
        "decides_until": None,
        "offline": False,
        "reserved_for": (),
        "local_files": (),
        "kept": KeptView(),
    }
    return Explanation(
        project=NormalizedName("demo"), now=NOW, state=state, upstreams=upstreams, **{**defaults, **facts}
    )


def kept(*files: KeptFile, releases: tuple[str, ...] = ()) -> KeptView:
    """These files are kept, and no others."""
    return KeptView(len(files), sum(file.size for file in files), files, releases)


def text(told: Explanation) -> str:
    """The whole story, a sentence on each line."""
    lines = []
    for section in story(told):
        lines.append(section.title)
        for paragraph in section.paragraphs:
            lines += [paragraph.label, *paragraph.sentences]
    return "\n".join(lines)
