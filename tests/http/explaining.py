"""What a command beside the running server finds out: recorded failures, and explanations."""

from __future__ import annotations

from pyproxy.admin.explanation.model import Explanation
from pyproxy.admin.explanation.story import story
from pyproxy.app.explained import explained
from pyproxy.storage.failures import Failure, FailureStore
from tests.http.administration import database_of
from tests.http.calls import idle
from tests.http.proxy import Proxy


async def failures_of(proxy: Proxy, project: str) -> list[Failure]:
    """What is recorded of a project, read from the database as another process does."""
    await idle(proxy)
    await proxy.server.records.flush()
    with database_of(proxy) as database:
        return FailureStore(database).of_project(project)


async def explain(proxy: Proxy, project: str, filename: str | None = None) -> Explanation:
    """What the command would find out now, by the proxy's clock."""
    await idle(proxy)
    await proxy.server.records.flush()
    return await explained(proxy.config, proxy.environ, project, filename, clock=proxy.clock)


def told(explanation: Explanation) -> str:
    """The whole story as plain text."""
    lines = []
    for section in story(explanation):
        lines.append(section.title)
        for paragraph in section.paragraphs:
            lines += [paragraph.label, *paragraph.sentences]
    return "\n".join(lines)
