"""Tests of upstreams, stored or not, step by step as they happen."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from pyproxy.admin.upstream_test.tested import Tested
from pyproxy.admin.upstream_test.watching import Begun
from pyproxy.handlers.api.moments import answer_of
from pyproxy.handlers.api.operation import Call, operation
from pyproxy.handlers.api.upstream_fields import Name, SentUpstream
from pyproxy.handlers.api.upstreams import UpstreamName

ProjectToAsk = Annotated[
    str, Meta(description="The project to look at, instead of one that the upstream has.", max_length=200)
]


class TestWish(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What to look at."""

    project: ProjectToAsk = ""


class TestedUpstream(SentUpstream, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Settings that are stored nowhere."""

    name: Annotated[Name | UnsetType, Meta(description="What messages call it.")] = UNSET
    like: Annotated[
        Name | UnsetType,
        Meta(description="A stored upstream with whose settings, secrets among them, the test begins."),
    ] = UNSET
    project: ProjectToAsk = ""


class TestStep(msgspec.Struct, kw_only=True, frozen=True):
    """One thing that was looked at."""

    name: str
    state: Literal["ok", "warning", "failed", "skipped"]
    seconds: Annotated[float | None, Meta(description="How long it took; null for what only had to be judged.")]
    found: str
    advice: Annotated[str | None, Meta(description="What to set or to do.")]


async def test_upstream(call: Call, name: UpstreamName, body: TestWish) -> AsyncGenerator[TestStep]:
    """Walk the way to an upstream, and say what is wrong and what to set.

    Name look-up, connect, TLS, credentials, the index, what its pages tell, and the first bytes of one file: a line for
    each, when it ends. Nothing is written.
    """
    tested = await call.admin.desk.run(call.admin.upstream_tests.stored, name)
    async with aclosing(_steps(call, tested, body.project)) as steps:
        async for step in steps:
            yield step


async def test_settings(call: Call, body: TestedUpstream) -> AsyncGenerator[TestStep]:
    """Walk the way to an upstream that is not stored, or not yet stored so.

    No secret goes where it could not be moved to: what asks for it again in a change does so here.
    """
    values = body.values()
    like, project = values.pop("like", None), values.pop("project", "")
    assert isinstance(project, str)
    tested = await call.admin.desk.run(
        call.admin.upstream_tests.given, values, like=like if isinstance(like, str) else None
    )
    async with aclosing(_steps(call, tested, project)) as steps:
        async for step in steps:
            yield step


async def _steps(call: Call, tested: Tested, text: str) -> AsyncGenerator[TestStep]:
    walk = call.admin.upstream_tests.steps(tested, tested.project(text, "project"))
    async with aclosing(walk) as steps:
        async for each in steps:
            if not isinstance(each, Begun):
                yield answer_of(TestStep, each)


OPERATIONS = (
    operation("POST", "/upstreams/{name}/test", test_upstream, example={"project": "requests"}),
    operation("POST", "/upstreams/test", test_settings, example={"url": "https://pypi.mycompany.example/simple/"}),
)
