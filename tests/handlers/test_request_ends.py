"""What is done when requests have ended: once for each, in their order, and soon."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pyproxy.admin.history.client_requests import EndedRequest
from pyproxy.handlers.access_log import AccessLog
from pyproxy.handlers.request_ends import RequestEnds
from tests.handlers.test_access_log import LINE, Ended, Written, written

__all__ = ["written"]


class Told:
    """What was counted and recorded."""

    def __init__(self) -> None:
        self.counted: list[list[EndedRequest]] = []
        self.recorded: list[EndedRequest] = []
        self.ends = RequestEnds(AccessLog("text"), self._count, self.recorded.append)

    def _count(self, requests: Sequence[EndedRequest]) -> None:
        self.counted.append(list(requests))


async def test_all_that_end_in_one_round_are_told_of_after_it(written: Written) -> None:
    told = Told()
    first, second, third = Ended(), Ended(status=304, sent=0), Ended()
    told.ends.ended(first)
    told.ends.ended(second)
    assert (told.counted, told.recorded, written.texts) == ([], [], [])
    await asyncio.sleep(0)
    assert told.recorded == [first, second]
    told.ends.ended(third)
    await asyncio.sleep(0)
    assert told.counted == [[first, second], [third]]
    assert told.recorded == [first, second, third]
    assert [text.count("\n") for text in written.texts] == [1, 0]


def test_nothing_is_lost_when_the_loop_ends(written: Written) -> None:
    told = Told()

    async def end() -> None:
        told.ends.ended(Ended())

    loop = asyncio.new_event_loop()
    loop.run_until_complete(end())
    loop.run_until_complete(loop.shutdown_asyncgens())  # as ``asyncio.run`` does
    loop.close()
    assert len(told.recorded) == 1
    assert written.texts == [LINE]
