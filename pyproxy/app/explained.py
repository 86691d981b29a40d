"""The wiring of explanations: the parts that they are made from, open in a server or beside one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from pyproxy.admin.explanation.explainer import Explainer
from pyproxy.admin.explanation.model import Explanation
from pyproxy.admin.explanation.pages_read import PageReader
from pyproxy.app.opened import opened
from pyproxy.app.resources import Resources
from pyproxy.config.model import Config
from pyproxy.repositories.priority import PriorityRepository
from pyproxy.simple.names import check_filename, normalize


def explainer_of(
    resources: Resources, priority: PriorityRepository, reader: PageReader, clock: Callable[[], float]
) -> Explainer:
    """An explainer of what these parts know; ``clock`` gives unix seconds."""
    return Explainer(
        priority=priority,
        local=resources.local,
        files=resources.files,
        database=resources.database,
        failures=resources.failures,
        reader=reader,
        clock=clock,
    )


async def explained(
    config: Config,
    environ: Mapping[str, str],
    project: str,
    filename: str | None = None,
    *,
    clock: Callable[[], float] = time.time,
) -> Explanation:
    """Explain a project, or one of its files, beside a server that may be running; nobody is asked.

    Raises `InvalidProjectName`, `InvalidFilename`, and `StorageError` as `opened` does.
    """
    normalize(project)  # a name that nothing can have is wrong wherever one looks
    if filename is not None:
        check_filename(filename)
    async with opened(config, environ, clock=clock) as here:
        reader = PageReader(here.resources.workshop)
        explainer = explainer_of(here.resources, here.chain.current.priority, reader, clock)
        return await explainer.explain(project, filename)
