"""What several processes count is one history, and a stop or a restart takes nothing from it."""

from __future__ import annotations

import time
from contextlib import closing

from pyproxy.storage.activity_reads import ActivityReads
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.history_reads import HistoryReads, Window
from pyproxy.storage.periods import DAY, start_of
from tests.app.command import Command
from tests.app.conftest import RunCommand


def recorded(command: Command) -> tuple[int, int]:
    """Requests that are counted by day, and rows of recent ones."""
    with closing(Database.open(command.directory / "data" / DATABASE_NAME)) as database:
        window = Window(DAY, start_of(time.time() - DAY, DAY), DAY, 3)  # wherever midnight falls
        counted = sum(row.requests for row in HistoryReads(database, window).requests())
        return counted, ActivityReads(database).clients_extent().rows


async def test_requests_of_all_workers_add_up_over_restarts(run_command: RunCommand) -> None:
    for start in (1, 2):
        command = await run_command("--workers", "2", PYPROXY_CACHE__OFFLINE="true").listens()
        for number in range(20):
            assert (await command.get(f"/simple/project{number}/")).status == 503
        assert await command.stop() == 0
        assert recorded(command) == (20 * start, 20 * start)
