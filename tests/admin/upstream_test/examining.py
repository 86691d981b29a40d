"""What the tests of ``upstream test`` examine with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

from pyproxy.admin.upstream_test.conditions import Conditions
from pyproxy.admin.upstream_test.steps import Begins, Step, no_one_watches
from pyproxy.admin.upstream_test.walk import examine
from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from tests.distributions import make_wheel
from tests.upstream_server import UpstreamServer

WHEEL, CONTENT, METADATA = make_wheel("demo", "1.0", size=5000)
UPLOADED = "2024-05-06T07:08:09.000000Z"


def stock(server: UpstreamServer, project: str = "demo", **options: Any) -> None:
    """Give a server one wheel with everything that a page may tell."""
    filename, content, metadata = make_wheel(project, "1.0", size=5000)
    server.add_file(project, filename, content, **{"metadata": metadata, "upload_time": UPLOADED, **options})


async def examined(
    url: str,
    environ: Mapping[str, str] | None = None,
    *,
    project: str | None = None,
    known: Sequence[str] = (),
    conditions: Mapping[str, Any] | None = None,
    begins: Begins = no_one_watches,
    **settings: Any,
) -> list[Step]:
    """All steps of a test."""
    walk = examine(
        UpstreamSettings(name="acme", url=url, **settings),
        Conditions(environ=environ or {}, **(conditions or {})),
        project=None if project is None else NormalizedName(project),
        known=[NormalizedName(name) for name in known],
        begins=begins,
    )
    async with aclosing(walk):
        return [step async for step in walk]


def one(steps: Sequence[Step], name: str) -> Step:
    """The only step of this name."""
    (found,) = [step for step in steps if step.name == name]
    return found


def said(steps: Sequence[Step], name: str) -> tuple[str, str, str | None]:
    """State, finding and advice of the only step of this name."""
    step = one(steps, name)
    return step.state, step.found, step.advice


def told(steps: Sequence[Step]) -> dict[str, str]:
    """The states by name; of several with one name the last."""
    return {step.name: step.state for step in steps}
