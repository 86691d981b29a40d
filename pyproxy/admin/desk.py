"""Where the administration's work is done: in a thread of its own, with a database connection of its own.

So no page that an administrator looks at, however large, holds up a request for a package. What runs here is plain
synchronous code.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class Desk:
    """One thread; works one thing after the other."""

    def __init__(self, name: str = "administration") -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``function(*args, **kwargs)``, once the thread comes to it; raises what it raises."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: function(*args, **kwargs))

    def begin(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """The same, waited for by nobody; a failure is logged."""
        self._thread.submit(function, *args, **kwargs).add_done_callback(_log_failure)

    def close(self) -> None:
        """Finish what is under way, begin nothing more."""
        self._thread.shutdown(wait=True, cancel_futures=True)


def _log_failure(done: Future[object]) -> None:
    error = None if done.cancelled() else done.exception()
    if error is not None:
        log.error("the administration could not finish something: %s", error, exc_info=error)
