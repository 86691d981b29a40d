"""The bench with a second upstream, which is well and has the same files."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from pyproxy.settings import UpstreamSettings
from tests.faults.bench import LOOKUP_SECONDS, SLACK_SECONDS, Bench, Published
from tests.faults.two_upstreams import PairCell
from tests.http.calls import ask
from tests.http.proxy import JSON, Answer
from tests.upstream_server import UpstreamServer


@dataclass(frozen=True)
class PairSeen:
    """What was answered, and how often the second upstream was asked for it."""

    published: Published
    answer: Answer
    second_asked: int


class Pair(Bench):
    """The failing upstream goes by two names: ``first`` lets others answer, ``strict`` does not."""

    well = ("open-well", "strict-well")
    lookup_seconds = 6 * LOOKUP_SECONDS

    async def upstreams(self, first: UpstreamSettings) -> list[UpstreamSettings]:
        self.second = await UpstreamServer.start()
        strict = replace(first, name="strict", on_failure="stop", excluded_projects=("open-*",))
        lenient = replace(first, excluded_projects=("strict-*",))
        return [lenient, strict, UpstreamSettings(name="second", url=self.second.url)]

    async def close(self) -> None:
        await super().close()
        await self.second.stop()

    def publish(self, project: str) -> Published:
        published = super().publish(project)
        self.second.add_file(project, published.filename, published.content, metadata=published.metadata)
        return published

    async def see_pair(self, cell: PairCell) -> PairSeen:
        """Bring about the state, let the first upstream fail, ask, and make all well again."""
        await self.make_well()
        published = self.publish(f"{'strict' if cell.column == 'stop' else 'open'}-{cell.column}")
        if cell.column not in ("next", "stop"):
            await self.fetch(published.path("page"))
        if cell.column == "known":
            self.clock.advance(86400.0)
        before = len(self.second.requests)
        await self.failure.begin(self.stage)
        try:
            async with asyncio.timeout(LOOKUP_SECONDS + SLACK_SECONDS):
                path = published.path(cell.column if cell.column in ("file", "metadata") else "page")
                answer = await ask(self.proxy, path, {"Accept": JSON} if path.startswith("/simple/") else {})
            await self.idle()
        finally:
            await self.failure.end(self.stage)
        return PairSeen(published, answer, len(self.second.requests) - before)
