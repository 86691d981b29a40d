"""Which upstreams may be asked for a name: pure, by their patterns and switches.

A name matched by any upstream's explicit ``projects`` belongs to such upstreams only, also while they are switched
off: a private name must not become public because an administrator took the private index out for an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from pyproxy.errors import NameReserved, NoActiveUpstream, ProjectNotAdmitted
from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.patterns import admits, matches_any


class HasSettings(Protocol):
    """Anything that stands for an upstream."""

    @property
    def settings(self) -> UpstreamSettings: ...


Upstream = TypeVar("Upstream", bound=HasSettings)


def admitted(upstreams: Sequence[Upstream], project: NormalizedName) -> list[Upstream]:
    """The active upstreams that may be asked for ``project``, in the given (priority) order; never empty.

    Raises `NoActiveUpstream` when all are switched off, `NameReserved` when the name belongs to upstreams that are,
    `ProjectNotAdmitted` when the patterns of the active ones leave it out.
    """
    owners = explicit_owners(upstreams, project)
    if owners:
        active = [upstream for upstream in owners if upstream.settings.active]
        if not active:
            raise NameReserved(project, [upstream.settings.name for upstream in owners])
        return active
    if not any(upstream.settings.active for upstream in upstreams):
        raise NoActiveUpstream("no upstream is active; an administrator can add or enable one")
    open_to_it = [
        upstream
        for upstream in upstreams
        if upstream.settings.active and admits(upstream.settings.projects, upstream.settings.excluded_projects, project)
    ]
    if not open_to_it:
        raise ProjectNotAdmitted(
            project, f"no upstream may be asked for {project}: their project patterns leave it out"
        )
    return open_to_it


def explicit_owners(upstreams: Sequence[Upstream], project: NormalizedName) -> list[Upstream]:
    """The upstreams, active or not, to whose explicit ``projects`` the name belongs; usually none."""
    return [upstream for upstream in upstreams if _is_explicit(upstream.settings, project)]


def _is_explicit(settings: UpstreamSettings, project: NormalizedName) -> bool:
    return matches_any(settings.projects, project) and not matches_any(settings.excluded_projects, project)
