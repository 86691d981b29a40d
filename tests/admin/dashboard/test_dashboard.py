"""The dashboard as a whole, read from a database as servers write it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.admin.dashboard.dashboard import Dashboard, Room
from pyproxy.admin.dashboard.ranges import RANGES, RangeName
from pyproxy.errors import ConfigurationError
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.counted import Counted, Latest
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.failures import FailureStore, Rest, Subject, Tally
from pyproxy.storage.history import HistoryStore
from pyproxy.storage.history_reads import ProjectSum
from pyproxy.storage.latencies import bucket_of
from pyproxy.storage.periods import DAY, HOUR
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore
from tests.storage.counting import NOON, calls, projects, requests

NAMES: list[RangeName] = ["24h", "7d", "30d", "1y"]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / DATABASE_NAME)
    yield database
    database.close()


@pytest.fixture
def upstreams(tmp_path: Path, database: Database) -> UpstreamStore:
    store = UpstreamStore(database, SecretBox.open(tmp_path, {}))
    store.add(UpstreamSettings(name="first", url="https://first.example.org/", token="hidden"))
    store.add(UpstreamSettings(name="second", url="https://second.example.org/"))
    return store


@pytest.fixture
def dashboard(tmp_path: Path, database: Database, upstreams: UpstreamStore) -> Dashboard:
    return Dashboard(database, upstreams, room=Room(tmp_path, 0, 10**9), clock=lambda: NOON)


@pytest.mark.parametrize("name", NAMES)
async def test_before_anything_happened_everything_is_zero(dashboard: Dashboard, name: RangeName) -> None:
    overview = await dashboard.overview(name)
    assert len(overview.buckets) == RANGES[name].buckets
    assert (overview.totals.requests, overview.totals.calls, overview.totals.hit_ratio) == (0, 0, None)
    assert overview.projects == ()
    assert [each.state for each in overview.upstreams] == ["never asked", "never asked"]


async def test_each_range_shows_what_lies_in_it(database: Database, dashboard: Dashboard) -> None:
    store = HistoryStore(database)
    for ago in (0, 2 * HOUR, 3 * DAY, 20 * DAY, 300 * DAY):
        await store.add(requests(NOON - ago, 1), NOON - ago)
    totals = {name: (await dashboard.overview(name)).totals.requests for name in NAMES}
    assert totals == {"24h": 2, "7d": 3, "30d": 4, "1y": 5}
    newest = {name: (await dashboard.overview(name)).buckets[-1].sums.requests for name in NAMES}
    assert newest == {"24h": 1, "7d": 1, "30d": 2, "1y": 3}


async def test_totals_are_the_sums_of_the_chart(database: Database, dashboard: Dashboard) -> None:
    store = HistoryStore(database)
    await store.add(requests(NOON, 6, sent=60, saved=60), NOON)
    await store.add(requests(NOON - HOUR, 2, outcome="miss", sent=20), NOON)
    await store.add(calls(NOON, 3, received=20, failures={"timeout": 1}), NOON)
    overview = await dashboard.overview("24h")
    assert (overview.totals.hit_ratio, overview.totals.sent, overview.totals.saved) == (0.75, 80, 60)
    assert (overview.totals.calls, overview.totals.call_failures, overview.totals.received) == (3, 1, 20)
    assert sum(point.sums.requests for point in overview.buckets) == overview.totals.requests == 8


async def test_the_projects_asked_most_are_those_of_the_range(database: Database, dashboard: Dashboard) -> None:
    store = HistoryStore(database)
    await store.add(projects(NOON, {"now": 1}), NOON)
    await store.add(projects(NOON - 3 * DAY, {"days-ago": 2}), NOON)
    await store.add(projects(NOON - 20 * DAY, {"weeks-ago": 3, "now": 1}), NOON)
    shown = {name: [each.project for each in (await dashboard.overview(name)).projects] for name in NAMES}
    assert shown == {
        "24h": ["now"],
        "7d": ["days-ago", "now"],
        "30d": ["weeks-ago", "days-ago", "now"],
        "1y": ["weeks-ago", "days-ago", "now"],
    }
    year = await dashboard.overview("1y")
    assert year.projects[0] == ProjectSum("weeks-ago", 3, 0)
    assert year.projects_since > year.buckets[0].start, "they are not kept that long, and the page can say so"


async def test_what_removed_upstreams_were_asked_stays_in_the_totals(
    database: Database, dashboard: Dashboard, upstreams: UpstreamStore
) -> None:
    await HistoryStore(database).add(calls(NOON, 4, upstream="second"), NOON)
    upstreams.remove("second")
    overview = await dashboard.overview("24h")
    assert [each.name for each in overview.upstreams] == ["first"]
    assert overview.totals.calls == 4


async def test_an_upstream_that_rests_shows_with_what_was_recorded(
    database: Database, dashboard: Dashboard, upstreams: UpstreamStore
) -> None:
    first = upstreams.get("first")
    tally = Tally(2, "unreachable", "refused the connection", NOON - 5, NOON - 1)
    rest = Rest(NOON - 1, "unreachable", "refused the connection", NOON + 20)
    await FailureStore(database).write({Subject(first.id, "page", "demo", ""): tally}, {first.id: rest})
    await HistoryStore(database).add(Counted(latest={first.id: Latest(None, NOON - 1, 2)}), NOON)
    overview = await dashboard.overview("24h")
    shown = overview.upstreams[0]
    assert (shown.state, shown.rest) == ("resting", rest)
    assert shown.last_failure is not None
    assert (shown.last_failure.kind, shown.last_failure.project) == ("unreachable", "demo")
    assert overview.attention[0].target == ("upstream", "first")


async def test_the_newest_failure_of_an_upstream_is_the_one_that_is_shown(
    database: Database, dashboard: Dashboard, upstreams: UpstreamStore
) -> None:
    store = FailureStore(database)
    for upstream in upstreams.list():
        for at, route in ((10.0, "page"), (30.0, "file"), (20.0, "metadata")):
            subject = Subject(upstream.id, route, f"{upstream.settings.name}-{route}", "")
            await store.write({subject: Tally(1, "status", "answered 503", at, at)}, {})
    shown = (await dashboard.overview("24h")).upstreams
    assert [each.last_failure and each.last_failure.project for each in shown] == ["first-file", "second-file"]


async def test_wrong_bytes_are_told_of_until_right_ones_come(
    database: Database, dashboard: Dashboard, upstreams: UpstreamStore
) -> None:
    store, subject = FailureStore(database), Subject(upstreams.get("first").id, "file", "demo", "demo-1.0.zip")
    reason = "sent other bytes of demo-1.0.zip than before: content changed upstream"
    await store.write({subject: Tally(1, "hash mismatch", reason, NOON, NOON)}, {})
    told = [item for item in (await dashboard.overview("24h")).attention if item.target == ("project", "demo")]
    assert [item.sentence for item in told] == [f"upstream first {reason}"]
    await store.write({subject: Tally(over_at=NOON)}, {})
    told = [item for item in (await dashboard.overview("24h")).attention if item.target == ("project", "demo")]
    assert told == []


async def test_one_upstream_over_time(database: Database, dashboard: Dashboard) -> None:
    store = HistoryStore(database)
    await store.add(calls(NOON, 3, upstream="first", failures={"timeout": 1}, latencies={bucket_of(0.1): 2}), NOON)
    await store.add(calls(NOON - HOUR, 2, upstream="first", latencies={bucket_of(1.0): 2}), NOON)
    await store.add(calls(NOON, 9, upstream="second", failures={"status": 9}), NOON)
    history = await dashboard.upstream("first", "24h")
    assert (history.summary.calls, history.summary.failures) == (5, {"timeout": 1})
    assert [(each.calls, each.failures) for each in history.buckets[-3:]] == [(0, 0), (2, 0), (3, 1)]
    assert [each.median for each in history.buckets[-3:]] == [
        None,
        pytest.approx(1.0, rel=0.2),
        pytest.approx(0.1, rel=0.2),
    ]


async def test_an_upstream_that_there_is_not_is_an_error_that_says_so(dashboard: Dashboard) -> None:
    with pytest.raises(ConfigurationError, match="no upstream"):
        await dashboard.upstream("third", "24h")


async def test_no_secret_is_read(tmp_path: Path, database: Database, upstreams: UpstreamStore) -> None:
    """The pages are shown to people who may not see them; and a lost key must not take the dashboard away."""
    other = UpstreamStore(database, SecretBox.open(tmp_path, {"PYPROXY_SECRET_KEY": "quite another key"}))
    dashboard = Dashboard(database, other, room=Room(tmp_path, 0, None), clock=lambda: NOON)
    assert len((await dashboard.overview("24h")).upstreams) == 2
    assert (await dashboard.upstream("first", "24h")).summary.name == "first"


async def test_the_disk_is_shown_beside_its_limits(dashboard: Dashboard) -> None:
    disk = (await dashboard.overview("24h")).disk
    assert (disk.cached, disk.max_size, disk.min_free) == (0, 10**9, 0)
    assert disk.database > 0
    assert disk.free is not None
