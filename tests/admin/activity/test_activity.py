"""Looking through the recent requests: filters as people give them, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.admin.activity.activity import Activity
from pyproxy.admin.activity.filters import CallFilter, ClientFilter
from pyproxy.storage.activity import ActivityStore, Batch, ClientRequest, UpstreamRequest
from pyproxy.storage.activity_reads import Place
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME


def request(at: float, **fields: object) -> ClientRequest:
    base = ClientRequest(
        at, "10.0.0.1", "pip/24.0", "GET", "page", "demo", "", "", 200, "hit", "first", 10, 0.1
    )
    return base._replace(**fields)  # type: ignore[arg-type]


def call(at: float, **fields: object) -> UpstreamRequest:
    return UpstreamRequest(at, "first", "page", "demo", "", "found", "", "", 0.1, 10)._replace(**fields)  # type: ignore[arg-type]


REQUESTS = [
    request(1.0),
    request(2.0, client="10.0.0.2", project="demo-extra", outcome="failed", status=502),
    request(3.0, agent="uv/0.5", outcome="broken", route="file", upstream="second"),
    request(4.0, project="", outcome="missing", route="other", address="/nowhere"),
]
CALLS = [
    call(1.0),
    call(2.0, upstream="second", result="failed", kind="timeout", reason="was silent"),
    call(3.0, result="failed", kind="status", reason="answered 503", route="file", filename="demo-1.zip"),
    call(4.0, project="other", result="missing"),
]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / DATABASE_NAME)
    yield database
    database.close()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ClientFilter(), [4.0, 3.0, 2.0, 1.0]),
        (ClientFilter(client=" 10.0.0.1 "), [4.0, 3.0, 1.0]),
        (ClientFilter(client="10.0.*", agent="pip/*"), [4.0, 2.0, 1.0]),
        (ClientFilter(project="Demo"), [3.0, 1.0]),
        (ClientFilter(project="Demo_Extra"), [2.0]),
        (ClientFilter(project="demo*"), [3.0, 2.0, 1.0]),
        (ClientFilter(outcome="missing"), [4.0]),
        (ClientFilter(route="file"), [3.0]),
        (ClientFilter(upstream="second"), [3.0]),
        (ClientFilter(failures_only=True), [3.0, 2.0]),
        (ClientFilter(failures_only=True, outcome="broken"), [3.0]),
        (ClientFilter(failures_only=True, outcome="hit"), []),
        (ClientFilter(outcome="no such word"), []),
        (ClientFilter(project="[a"), []),
        (ClientFilter(client="\x00\ud800"), []),
        (ClientFilter(upstream="\ud800"), []),
        (ClientFilter(agent="*p" * 100_000), []),
    ],
)
async def test_requests_of_clients_are_found(database: Database, wanted: ClientFilter, found: list[float]) -> None:
    await ActivityStore(database).add(Batch(REQUESTS))
    page = await Activity(database).clients(wanted, Place())
    assert [row.request.at for row in page.rows] == found


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (CallFilter(), [4.0, 3.0, 2.0, 1.0]),
        (CallFilter(upstream="second"), [2.0]),
        (CallFilter(project="other"), [4.0]),
        (CallFilter(result="missing"), [4.0]),
        (CallFilter(kind="status"), [3.0]),
        (CallFilter(route="file"), [3.0]),
        (CallFilter(failures_only=True), [3.0, 2.0]),
        (CallFilter(failures_only=True, result="found"), []),
    ],
)
async def test_requests_to_upstreams_are_found(database: Database, wanted: CallFilter, found: list[float]) -> None:
    await ActivityStore(database).add(Batch(upstreams=CALLS))
    page = await Activity(database).calls(wanted, Place())
    assert [row.request.at for row in page.rows] == found


async def test_older_leads_through_all_pages_and_ends(database: Database) -> None:
    await ActivityStore(database).add(Batch([request(float(number)) for number in range(20)]))
    seen, before = [], None
    for _ in range(2):
        page = await Activity(database).clients(ClientFilter(), Place(before=before, limit=10))
        seen += [row.request.at for row in page.rows]
        before = page.older
    assert before is None
    assert seen == [float(number) for number in range(19, -1, -1)]


async def test_newer_leads_back_the_same_way_and_ends(database: Database) -> None:
    await ActivityStore(database).add(Batch([request(float(number)) for number in range(25)]))
    activity, wanted = Activity(database), ClientFilter()
    pages = [await activity.clients(wanted, Place(limit=10))]
    while pages[-1].older is not None:
        pages.append(await activity.clients(wanted, Place(before=pages[-1].older, limit=10)))
    assert [len(page.rows) for page in pages] == [10, 10, 5]
    assert pages[0].newer is None
    back = pages[-1]
    for page in reversed(pages[:-1]):
        back = await activity.clients(wanted, Place(after=back.newer, nearest=True, limit=10))
        assert (back.rows, back.older) == (page.rows, page.rows[-1].id)
    assert back.newer is None


async def test_after_an_id_the_newest_come_unless_the_nearest_are_wanted(database: Database) -> None:
    await ActivityStore(database).add(Batch([request(float(number)) for number in range(9)]))
    activity, wanted = Activity(database), ClientFilter()
    newest = await activity.clients(wanted, Place(after=2, limit=3))
    assert [row.request.at for row in newest.rows] == [8.0, 7.0, 6.0]
    assert newest.older is not None, "there are more that came since"
    nearest = await activity.clients(wanted, Place(after=2, nearest=True, limit=3))
    assert [row.request.at for row in nearest.rows] == [4.0, 3.0, 2.0]
    assert (nearest.newer, nearest.older) == (5, 3)


@pytest.mark.parametrize(("number", "rows"), [(10**30, 1), (-5, 0), (0, 0)])
async def test_no_row_lies_before_a_number_that_is_no_id(database: Database, number: int, rows: int) -> None:
    await ActivityStore(database).add(Batch([request(1.0)]))
    assert len((await Activity(database).clients(ClientFilter(), Place(before=number))).rows) == rows


async def test_newest_id_goes_on_though_nothing_that_is_wanted_came(database: Database) -> None:
    store, activity = ActivityStore(database), Activity(database)
    await store.add(Batch([request(1.0)]))
    first = await activity.clients(ClientFilter(project="other"), Place())
    await store.add(Batch([request(2.0), request(3.0, project="other")]))
    later = await activity.clients(ClientFilter(project="other"), Place(after=first.newest_id))
    assert [row.request.at for row in later.rows] == [3.0]
    assert (await activity.clients(ClientFilter(), Place(after=later.newest_id))).rows == ()


async def test_what_was_left_out_is_said(database: Database) -> None:
    await ActivityStore(database).add(Batch([request(1.0), request(2.0)], 40, CALLS, 3))
    clients = await Activity(database).clients(ClientFilter(), Place())
    calls = await Activity(database).calls(CallFilter(), Place())
    assert (clients.left_out, clients.since, calls.left_out) == (40, 1.0, 3)


async def test_before_anything_happened_there_is_nothing(database: Database) -> None:
    page = await Activity(database).clients(ClientFilter(), Place())
    assert (page.rows, page.older, page.newest_id, page.since, page.left_out) == ((), None, 0, None, 0)
