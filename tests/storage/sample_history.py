"""The part of the sample that is counted and recorded: since there is the administrator's dashboard."""

from __future__ import annotations

from pyproxy.storage.activity import ActivityStore, Batch, ClientRequest, UpstreamRequest
from pyproxy.storage.activity_reads import ActivityReads, Place, Wanted
from pyproxy.storage.counted import CallTally, Counted, Hour, Latest, ProjectTally, RequestTally
from pyproxy.storage.database import Database
from pyproxy.storage.history import HistoryStore
from pyproxy.storage.history_reads import CallSum, FailureSum, HistoryReads, ProjectSum, RequestSum, Window
from pyproxy.storage.periods import DAY, HOUR, start_of
from pyproxy.storage.upstream_standing import latest_of_upstreams

WHEN = 1_700_000_000.0
REQUEST = ClientRequest(
    *(WHEN, "10.0.0.1", "pip/24.0", "GET", "file", "demo", "demo-1.0-py3-none-any.whl"),
    *("", 200, "hit", "mirror", 34, 0.25),
)
CERTIFICATE = {"certificate_ends": WHEN + 90 * DAY, "certificate_seen_at": WHEN}
CALL = UpstreamRequest(WHEN, "mirror", "page", "demo", "", "failed", "status", "answered 503", 0.5, None)


async def fill(database: Database, upstream_id: int) -> None:
    """Put it into the database."""
    hour = Hour(
        requests={("page", "hit"): RequestTally(3, 300, 200)},
        calls={"mirror": CallTally(2, 1, 70, {"status": 1}, {20: 1})},
        projects={"demo": ProjectTally(2, 1)},
    )
    counted = Counted(
        hours={start_of(WHEN, HOUR): hour},
        latest={upstream_id: Latest(succeeded_at=WHEN - 5, failed_at=WHEN, failures_in_a_row=1, **CERTIFICATE)},
    )
    await HistoryStore(database).add(counted, WHEN)
    await ActivityStore(database).add(Batch([REQUEST], 4, [CALL], 0))


def check(database: Database) -> None:
    """Find it again."""
    for length in (HOUR, DAY):
        reads = HistoryReads(database, Window(length, start_of(WHEN, length), length, 1))
        assert reads.requests() == [RequestSum(0, "hit", 3, 300, 200)]
        assert reads.calls() == [CallSum(0, "mirror", 2, 1, 70)]
        assert reads.failures() == [FailureSum(0, "mirror", "status", 1)]
        assert reads.latencies() == {"mirror": {20: 1}}
        assert reads.projects(5) == [ProjectSum("demo", 2, 1)]
    recent = ActivityReads(database)
    assert [row.request for row in recent.clients(Wanted({}, {}), Place())] == [REQUEST]
    assert recent.clients_extent().left_out == 4
    assert [row.request for row in recent.upstreams(Wanted({}, {}), Place())] == [CALL]
    (latest,) = latest_of_upstreams(database).values()
    assert latest == Latest(WHEN - 5, WHEN, 1, **CERTIFICATE)
