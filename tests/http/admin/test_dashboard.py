"""The dashboard as a browser gets it."""

from __future__ import annotations

import asyncio

import pytest

from pyproxy.admin.dashboard.model import Disk
from pyproxy.admin.dashboard.ranges import RANGES
from pyproxy.config.model import AccessConfig
from pyproxy.handlers.admin.base import BACKGROUND
from pyproxy.handlers.admin.dashboard import LONGEST_SENTENCE, MOST_TOLD, MOST_UPSTREAMS, Room, place_of
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.failures import FailureStore, Subject, Tally
from tests import seeding_history
from tests.http.admin.browser import Browser, Page, signed_in
from tests.http.admin.reading import document, figures, links, numbers, repeated_ids, section, table, words
from tests.http.administration import administration, database_of, noticed
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock, Proxy
from tests.http.publishing import publish
from tests.http.recording import written
from tests.upstream_server import Status, UpstreamServer

DASHBOARD = "/admin/"
HOSTILE = "sent <script>alert(1)</script> \u202egpj.exe\x1b[2J שלום"


async def with_history(start_proxy: StartProxy, clock: Clock) -> Proxy:
    """A server that has been used for a year."""
    proxy = await start_proxy()
    run = asyncio.get_running_loop().run_in_executor
    await run(None, seeding_history.seed, proxy.config.storage.directory, clock())
    return proxy


async def shown(proxy: Proxy, path: str = DASHBOARD) -> Page:
    """The page with everything that has happened."""
    await written(proxy)
    await proxy.server.records.flush()
    page = await (await signed_in(proxy)).get(path)
    assert page.status == 200, page.words
    return page


async def test_a_new_server_says_what_to_do_next(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    browser = await signed_in(await start_proxy(upstream))
    page = await browser.get(DASHBOARD, {"Host": "pypi.example.org:8000"})
    assert page.status == 200
    start = section(page, "start")
    assert "uv pip install --default-index http://pypi.example.org:8000/simple/ requests" in words(start)
    assert "--trusted-host pypi.example.org:8000 requests" in words(start)
    assert links(start) == {"all lines to copy": "../", "Upstreams": "../admin/upstreams"}
    assert document(page).css_first("#charts, #figures") is None
    assert table(section(page, "upstreams"))[1][:3] == ["first", "never asked", "0"]
    assert "All is well" in page.words


async def test_where_installers_have_to_say_who_they_are_the_lines_have_room_for_a_token(
    start_proxy: StartProxy, upstream: UpstreamServer
) -> None:
    proxy = await start_proxy(upstream, access=AccessConfig(anonymous_read=False))
    start = section(await (await signed_in(proxy)).get(DASHBOARD), "start")
    assert f"--default-index http://token:TOKEN@127.0.0.1:{proxy.port}/simple/ requests" in words(start)
    assert links(start)["token"] == "../admin/tokens"


async def test_an_install_is_seen(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    link = await proxy.link("demo", filename)
    await proxy.get(link)
    await proxy.get(link)
    page = await shown(proxy)
    assert document(page).css_first("#start") is None
    told = figures(page)
    assert told["Requests"] == "3 in 24 hours"
    assert told["Hit ratio"] == "33.3 % answered from here"
    assert told["Upstream calls"].startswith("2 ")
    assert told["Failures"] == "0 and 0 at upstreams"
    assert {name: column[0] for name, column in numbers(page, "requests").items()} == {
        "All": 3,
        "From here": 1,
        "From upstreams": 2,
        "Others": 0,
        "Failed": 0,
    }
    assert table(section(page, "projects"))[1] == ["demo", "1", "2"]
    assert links(section(page, "projects"))["demo"] == "../admin/projects/demo"
    _, row = table(section(page, "upstreams"))
    assert row[:4] == ["first", "active", "2", "0"]
    assert row[4].endswith("ms")


async def test_what_fails_is_seen_with_where_to_look(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.behave("/simple/demo/", Status(401))
    proxy = await start_proxy(upstream)
    assert (await proxy.get("/simple/demo/")).status == 502
    page = await shown(proxy)
    attention = section(page, "attention")
    assert "Upstream first refuses its credentials" in words(attention)
    assert links(attention) == {"Upstream first": "../admin/upstreams/first"}
    assert figures(page)["Failures"] == "1 and 1 at upstreams"
    assert links(section(page, "figures")) == {
        "1": "../admin/activity?failures=on",
        "1 at upstreams": "../admin/activity/upstreams?failures=on",
    }
    _, row = table(section(page, "upstreams"))
    assert row[:4] == ["first", "failing", "1", "1"]
    assert "answered 401" in row[6]


@pytest.mark.parametrize("name", list(RANGES))
async def test_in_each_range_the_numbers_add_up_and_the_page_is_small(
    name: str, start_proxy: StartProxy, clock: Clock
) -> None:
    page = await shown(await with_history(start_proxy, clock), f"{DASHBOARD}?range={name}")
    told = figures(page)
    for chart, figure in (("requests", "Requests"), ("calls", "Upstream calls")):
        columns = numbers(page, chart)
        everything = columns.pop("All")
        assert [sum(row) for row in zip(*columns.values(), strict=True)] == everything
        assert told[figure].split()[0] == f"{sum(everything):,}"
        assert sum(everything) > 0
    assert told["Failures"].split()[0] == f"{sum(numbers(page, 'requests')['Failed']):,}"
    assert len(table(section(page, "chart-bytes"))) == RANGES[name].buckets + 1  # type: ignore[index]
    assert len(page.text.encode()) < 100_000
    (current,) = document(page).css("nav.tabs [aria-current]")
    assert current.attributes["href"] == f"?range={name}"


async def test_each_chart_says_what_there_is_to_see(start_proxy: StartProxy, clock: Clock) -> None:
    page = await shown(await with_history(start_proxy, clock))
    assert repeated_ids(page) == set()
    pictures = document(page).css("svg[role=img]")
    assert len(pictures) == 3
    for picture in pictures:
        for attribute in ("aria-labelledby", "aria-describedby"):
            described = document(page).css_first(f"#{picture.attributes[attribute]}")
            assert described is not None
            assert words(described) != ""
        assert len(picture.css("g rect title")) == 24
    assert "style=" not in page.text


async def test_what_is_no_range_shows_a_day(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    browser = await signed_in(await start_proxy(upstream))
    for wrong in ("?range=2y", "?range=%00%ff", "?range=7d&range=x", "?other=7d"):
        page = await browser.get(DASHBOARD + wrong)
        assert page.status == 200
        assert document(page).css_first("[aria-current][href='?range=24h']") is not None


async def test_however_many_upstreams_there_are_and_whatever_they_say_the_page_stays_small(
    start_proxy: StartProxy, clock: Clock
) -> None:
    proxy = await with_history(start_proxy, clock)
    with administration(proxy) as store:
        for number in range(200):
            store.add(UpstreamSettings(name=f"{'u' * 40}-{number}", url="https://h.example/", verify_ssl=False))
        ids = [each.id for each in store.list()]
    with database_of(proxy) as database:
        for number in ids:
            tally = Tally(1, "hash mismatch", "<&>" * 160, clock(), clock())
            await FailureStore(database).write({Subject(number, "file", "demo", "demo-1.0.zip"): tally}, {})
    page = await shown(proxy, f"{DASHBOARD}?range=7d")
    assert len(page.text.encode()) < 100_000
    assert len(table(section(page, "upstreams"))) == MOST_UPSTREAMS + 1
    assert f"And {203 - MOST_UPSTREAMS} more" in words(section(page, "upstreams"))
    told = section(page, "attention").css("li")
    assert len(told) == MOST_TOLD + 1
    assert words(told[-1]).endswith("things more.")
    assert max(len(words(each)) for each in told) < LONGEST_SENTENCE + 60


async def test_what_an_upstream_says_does_nothing_in_the_page(
    start_proxy: StartProxy, upstream: UpstreamServer, clock: Clock
) -> None:
    proxy = await start_proxy(upstream)
    with database_of(proxy) as database:
        tally = Tally(1, "hash mismatch", HOSTILE, clock(), clock())
        await FailureStore(database).write({Subject(1, "file", "demo", "demo-1.0.zip"): tally}, {})
    page = await shown(proxy)
    harmless = "sent <script>alert(1)</script> ⟨202E⟩gpj.exe⟨1B⟩[2J שלום"
    (item,) = section(page, "attention").css("li")
    assert [words(each) for each in item.css("bdi")] == [f"Upstream first {harmless}.", "Project demo"]
    assert any(harmless in row[6] for row in table(section(page, "upstreams")))
    assert "<script>alert" not in page.text
    assert "\u202e" not in page.text
    assert "\x1b" not in page.text


async def test_a_viewer_sees_all_of_it(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(upstream)
    await proxy.get("/simple/demo/")
    await written(proxy)
    pages = [
        await (await signed_in(proxy, name, role)).get(DASHBOARD)
        for name, role in (("ada", "admin"), ("vera", "viewer"))
    ]
    assert figures(pages[0]) == figures(pages[1])
    assert table(section(pages[0], "upstreams")) == table(section(pages[1], "upstreams"))


async def test_without_any_upstream_an_admin_is_led_to_add_one(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    admin, viewer = await signed_in(proxy), await signed_in(proxy, "vera", "viewer")
    page = await admin.get(DASHBOARD)
    assert links(section(page, "upstreams"))["Add one"] == "../admin/upstreams"
    assert links(section(page, "attention")) == {"Upstreams": "../admin/upstreams"}
    assert "Add one" not in (await viewer.get(DASHBOARD)).words


async def test_a_stranger_is_led_to_the_sign_in_page(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await signed_in(proxy)
    page = await Browser(proxy).get(f"{DASHBOARD}?range=7d")
    assert (page.status, page.location) == (303, "/admin/sign-in?next=%3Frange%3D7d")


async def test_a_change_of_upstreams_shows_at_once(
    start_proxy: StartProxy, upstream: UpstreamServer, other: UpstreamServer
) -> None:
    proxy = await start_proxy(upstream, other)
    browser = await signed_in(proxy)
    await noticed(proxy, lambda store: store.move("second", 1))
    names = [row[0] for row in table(section(await browser.get(DASHBOARD), "upstreams"))]
    assert names == ["Name", "second", "first"]


async def test_a_page_that_brings_itself_up_to_date_does_not_keep_its_session_from_ending(
    start_proxy: StartProxy, clock: Clock
) -> None:
    browser = await signed_in(await start_proxy())
    for _ in range(12):
        clock.advance(3600)
        assert (await browser.get(DASHBOARD, {BACKGROUND: "yes"})).status == 200
    clock.advance(1)
    assert (await browser.get(DASHBOARD, {BACKGROUND: "yes"})).status == 303


async def test_what_is_to_be_said_once_is_kept_for_a_page_that_somebody_reads(
    start_proxy: StartProxy,
) -> None:
    browser = await signed_in(await start_proxy())
    password = {"present": "correct horse battery", "password": "another one of four", "again": "another one of four"}
    answer = await browser.submit("/admin/account", password)
    by_itself, read = await browser.get(DASHBOARD, {BACKGROUND: "yes"}), await browser.follow(answer)
    assert document(by_itself).css_first("p[role=status]") is None
    assert document(read).css_first("p[role=status]") is not None


@pytest.mark.parametrize(
    ("target", "place", "label"),
    [
        (("upstream", "pypi"), "upstreams/pypi", "Upstream pypi"),
        (("project", "demo"), "projects/demo", "Project demo"),
        (("project", "../x?y"), "projects/..%2Fx%3Fy", "Project ../x?y"),
        (("upstreams", ""), "upstreams", "Upstreams"),
        (("storage", ""), "storage", "Storage"),
        (("server", ""), "settings", "Settings"),
        (("activity", ""), "activity/upstreams?kind=hash+mismatch", "Activity"),
    ],
)
def test_what_needs_attention_leads_to_where_it_is_mended(target: tuple[str, str], place: str, label: str) -> None:
    assert place_of(target) == (place, label)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("max_size", "free", "min_free", "limit", "share"),
    [
        (1000, None, 0, 1000, 0.4),
        (1000, 10_000, 100, 1000, 0.4),
        (1000, 500, 100, 800, 0.5),
        (None, 700, 100, 1000, 0.4),
        (None, 50, 100, 400, 1.0),
        (100, 10_000, 100, 100, 1.0),
        (0, 10_000, 100, 0, 1.0),
    ],
)
def test_the_room_ends_at_the_limit_or_where_the_disk_does(
    max_size: int | None, free: int | None, min_free: int, limit: int, share: float
) -> None:
    room = Room.of(Disk(cached=400, database=1, max_size=max_size, free=free, min_free=min_free))
    assert room is not None
    assert (room.limit, room.share) == (limit, share)


def test_without_a_limit_and_a_disk_that_tells_there_is_no_room_to_show() -> None:
    assert Room.of(Disk(cached=400, database=1, max_size=None, free=None, min_free=1)) is None
