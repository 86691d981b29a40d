"""``upstream test``: walks the way to one upstream, as the server would go it, and says where it ends.

The settings need not be stored anywhere. Nothing is written, and nobody but this upstream is asked (and the hosts to
which it leads us). Someone who watches gets each step when it ends::

    async with aclosing(examine(settings, Conditions())) as steps:
        async for step in steps:
            print(step)

Leaving early ends what is under way.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from pyproxy.admin.upstream_test.asking import Asking
from pyproxy.admin.upstream_test.conditions import Conditions
from pyproxy.admin.upstream_test.connection_check import ConnectionCheck
from pyproxy.admin.upstream_test.discretion import Discretion
from pyproxy.admin.upstream_test.file_check import check_file
from pyproxy.admin.upstream_test.index_check import IndexCheck
from pyproxy.admin.upstream_test.project_page import Asked
from pyproxy.admin.upstream_test.steps import Begins, Step, no_one_watches
from pyproxy.admin.upstream_test.unchanged_check import NAME as UNCHANGED
from pyproxy.admin.upstream_test.unchanged_check import check_unchanged
from pyproxy.admin.upstream_test.unknown_name_check import NAME as UNKNOWN
from pyproxy.admin.upstream_test.unknown_name_check import check_unknown_name
from pyproxy.settings import UpstreamSettings, warnings
from pyproxy.simple.model import NormalizedName


async def examine(
    settings: UpstreamSettings,
    conditions: Conditions,
    *,
    project: NormalizedName | None = None,
    known: Sequence[NormalizedName] = (),
    begins: Begins = no_one_watches,
) -> AsyncGenerator[Step]:
    """The steps of a test, each as it ends; a failed one ends the walk where nothing behind it can be reached.

    ``project`` is the project to look at (``names_to_ask.project_to_ask`` has checked it); else one of ``known``, the
    names of which this upstream has had a page, or one that its list begins with. ``begins`` is told what is under
    way. Raises nothing but what cancels it.
    """
    discretion = Discretion(settings, conditions.environ)
    asking = Asking(settings, conditions)
    walk = _walk(asking, project, known, lambda name: begins(discretion.text(name)))
    try:
        async with aclosing(walk):
            async for step in walk:
                yield discretion.about(step)
    finally:
        asking.close()


async def _walk(
    asking: Asking, project: NormalizedName | None, known: Sequence[NormalizedName], begins: Begins
) -> AsyncGenerator[Step]:
    settings = asking.settings
    for step in _settings_steps(settings):
        yield step
    connection = ConnectionCheck(settings, asking.conditions, begins)
    async with aclosing(connection.steps()) as steps:
        async for step in steps:
            yield step
    if not connection.stands:
        return
    index = IndexCheck(asking, project=project, known=known, begins=begins)
    async with aclosing(index.steps()) as steps:
        async for step in steps:
            yield step
    if index.page is None:
        if index.list_found:
            begins(UNKNOWN)
            yield await check_unknown_name(asking)
        return
    async with aclosing(_look_at(index.page, asking, begins)) as steps:
        async for step in steps:
            yield step


async def _look_at(page: Asked, asking: Asking, begins: Begins) -> AsyncGenerator[Step]:
    """What there is to say once a project's page is here."""
    assert page.judged is not None
    assert page.judged.file is not None
    for step in page.judged.steps:
        yield step
    begins(UNCHANGED)
    yield await check_unchanged(asking, page)
    begins(UNKNOWN)
    yield await check_unknown_name(asking)
    async for step in check_file(asking, page.judged.file, begins):
        yield step


def _settings_steps(settings: UpstreamSettings) -> list[Step]:
    off = "" if settings.active else "; the upstream is switched off, the server does not ask it"
    first = Step("settings", "ok", None, f"the index is {settings.index_url}{off}")
    return [first, *(Step("settings", "warning", None, warning) for warning in warnings(settings))]
