"""The recent requests as a browser gets them."""

from __future__ import annotations

import asyncio
from urllib.parse import quote, urljoin

import pytest
from selectolax.lexbor import LexborNode

from pyproxy.admin.history.client_requests import OUTCOMES as RECORDED_OUTCOMES
from pyproxy.admin.history.client_requests import SHOWN
from pyproxy.handlers.admin.activity import SHOWN_ROWS
from pyproxy.handlers.admin.activity_words import KINDS, OUTCOMES, RESULTS, ROUTES
from pyproxy.handlers.admin.forms import LONGEST_TYPED
from pyproxy.repositories.failure_kinds import KINDS as RECORDED_KINDS
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.activity import ROWS, ActivityStore, Batch, ClientRequest, UpstreamRequest
from tests import seeding_history
from tests.http.admin.browser import Browser, Page, signed_in
from tests.http.admin.reading import document, links, repeated_ids, table, words
from tests.http.administration import database_of
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock, Proxy
from tests.http.publishing import publish
from tests.http.recording import written
from tests.upstream_server import Status, UpstreamServer

CLIENTS, UPSTREAMS = "/admin/activity", "/admin/activity/upstreams"
BOTH = pytest.mark.parametrize("view", [CLIENTS, UPSTREAMS])

AT = 1_800_000_000.0
CLIENT = ClientRequest(AT, "10.0.0.1", "pip/24.0", "GET", "page", "demo", "", "", 200, "hit", "first", 10, 0.1)
CALL = UpstreamRequest(AT, "first", "page", "demo", "", "found", "", "", 0.1, 10)


def rows(page: Page) -> list[list[str]]:
    """Without the head."""
    assert page.status == 200, page.words
    return [[words(cell) for cell in row.css("td")] for row in document(page).css("#rows tr")]


def body(page: Page) -> LexborNode:
    found = document(page).css_first("#rows")
    assert found is not None
    return found


async def add(proxy: Proxy, batch: Batch) -> None:
    with database_of(proxy) as database:
        await ActivityStore(database).add(batch)


async def test_an_install_is_seen_from_both_sides(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    link = await proxy.link("demo", filename)
    await proxy.get(link, {"User-Agent": "pip/24.0 {}"})
    await proxy.get(link, {"User-Agent": "uv/0.5.4"})
    await written(proxy)
    browser = await signed_in(proxy)

    page = await browser.get(CLIENTS)
    assert [row[1:6] for row in rows(page)] == [
        ["127.0.0.1", "uv/0.5.4", f"demo {filename}", "hit", "first"],
        ["127.0.0.1", "pip/24.0", f"demo {filename}", "miss", "first"],
        ["127.0.0.1", "", "demo project page", "miss", "first"],
    ]
    assert links(body(page))["demo"] == "../admin/projects/demo"
    page = await browser.get(UPSTREAMS)
    assert [row[1:5] for row in rows(page)] == [
        ["first", f"demo {filename}", "found", ""],
        ["first", "demo project page", "found", ""],
    ]
    assert links(body(page))["demo"] == "../../admin/projects/demo"
    assert links(body(page))["first"] == "../../admin/upstreams/first"


async def test_a_failure_tells_what_went_wrong(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.behave("/simple/demo/", Status(503))
    proxy = await start_proxy(upstream)
    await proxy.get("/simple/demo/")
    await proxy.get("/nowhere/at?all")
    await written(proxy)
    browser = await signed_in(proxy)
    assert [row[3:5] for row in rows(await browser.get(CLIENTS))] == [
        ["other address /nowhere/at", "missing 404"],
        ["demo project page", "failed 502"],
    ]
    assert [row[3:5] for row in rows(await browser.get(f"{CLIENTS}?failures=on"))] == [
        ["demo project page", "failed 502"]
    ]
    failed = rows(await browser.get(f"{UPSTREAMS}?failures=on"))
    why = "status: answered 503 Service Unavailable"
    assert {tuple(row[1:5]) for row in failed} == {("first", "demo project page", "failed", why)}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [0, 1, 2]),
        ("client=10.0.0.2", [1]),
        ("client=10.*", [0, 1, 2]),
        ("agent=uv/*", [2]),
        ("project=Demo_Extra", [1]),
        ("outcome=broken", [2]),
        ("route=file", [2]),
        ("upstream=second", [2]),
        ("failures=on", [1, 2]),
        ("failures=on&outcome=hit", []),
        ("client=&agent=&project=&outcome=&route=&upstream=", [0, 1, 2]),
        ("agent=uv/*&project=demo&failures=on", [2]),
        ("outcome=nonsense", []),
    ],
)
async def test_requests_of_clients_are_filtered(query: str, found: list[int], start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    several = [
        CLIENT,
        CLIENT._replace(client="10.0.0.2", project="demo-extra", outcome="failed", status=502),
        CLIENT._replace(agent="uv/0.5", outcome="broken", route="file", upstream="second"),
    ]
    await add(proxy, Batch([each._replace(sent=number) for number, each in enumerate(several)]))
    page = await (await signed_in(proxy)).get(f"{CLIENTS}?{query}")
    assert [row[6] for row in reversed(rows(page))] == [f"{number} bytes" for number in found]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [0, 1, 2]),
        ("upstream=second", [1]),
        ("project=other*", [2]),
        ("result=missing", [2]),
        ("kind=timeout", [1]),
        ("route=file", [0]),
        ("failures=on", [1]),
        ("failures=on&result=found", []),
    ],
)
async def test_requests_to_upstreams_are_filtered(query: str, found: list[int], start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    several = [
        CALL._replace(route="file"),
        CALL._replace(upstream="second", result="failed", kind="timeout", reason="was silent"),
        CALL._replace(project="other-one", result="missing"),
    ]
    await add(proxy, Batch(upstreams=[each._replace(received=number) for number, each in enumerate(several)]))
    page = await (await signed_in(proxy)).get(f"{UPSTREAMS}?{query}")
    assert [row[5] for row in reversed(rows(page))] == [f"{number} bytes" for number in found]


async def test_the_form_keeps_what_was_chosen(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    browser = await signed_in(await start_proxy(upstream))
    chosen = "client=10.0.*&agent=pip&project=a&outcome=hit&route=file&upstream=gone&failures=on"
    form = document(await browser.get(f"{CLIENTS}?{chosen}")).css_first("form.filters")
    assert form is not None
    values = {each.attributes["name"]: each.attributes.get("value") for each in form.css("input[type=text]")}
    assert values == {"client": "10.0.*", "agent": "pip", "project": "a"}
    selected = {each.parent.attributes["name"]: each.attributes["value"] for each in form.css("option[selected]")}  # type: ignore[union-attr]
    assert selected == {"outcome": "hit", "route": "file", "upstream": "gone"}
    assert form.css_first("input[name=failures][checked]") is not None
    assert {each.attributes["for"] for each in form.css("label")} == {*values, *selected, "failures"}
    offered = [each.attributes["value"] for each in form.css("select[name=upstream] option")]
    assert offered == ["", "first", "gone"]


@BOTH
async def test_older_and_newer_lead_through_all_and_keep_the_filter(view: str, start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    number = 2 * SHOWN_ROWS + 5
    wanted, other = range(number), {"project": "other"}
    await add(
        proxy,
        Batch(
            [each for n in wanted for each in (CLIENT._replace(sent=n), CLIENT._replace(**other))],  # type: ignore[arg-type]
            0,
            [each for n in wanted for each in (CALL._replace(received=n), CALL._replace(**other))],  # type: ignore[arg-type]
        ),
    )
    browser = await signed_in(proxy)
    column = 6 if view == CLIENTS else 5
    pages = [await browser.get(f"{view}?project=demo")]
    while (older := document(pages[-1]).css_first("a[rel=next]")) is not None:
        pages.append(await browser.get(_follow(pages[-1], older)))
    shown = [row[column] for page in pages for row in rows(page)]
    assert shown == [f"{n} bytes" for n in reversed(wanted)]
    assert len(pages) == 3
    back = pages[-1]
    for page in reversed(pages[:-1]):
        newer = document(back).css_first("a[rel=prev]")
        assert newer is not None
        back = await browser.get(_follow(back, newer))
        assert rows(back) == rows(page)
    assert document(back).css_first("a[rel=prev]") is None
    assert document(back).css_first(".pages a") is not None, "and to the newest, which may be others by now"


async def test_past_the_end_it_says_so_and_leads_back(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await add(proxy, Batch([CLIENT]))
    browser = await signed_in(proxy)
    for wrong in ("before=0", "before=1", f"after={10**18}", "before=00000"):
        page = await browser.get(f"{CLIENTS}?project=demo&{wrong}")
        assert rows(page) == []
        assert links(document(page).css_first("#none"))["The newest"] == "../admin/activity?project=demo"  # type: ignore[arg-type]
    for wrong in ("before=", "before=x", "after=-1", f"after={10**30}", "before=%FF", "before=1.5", "after=%C2%B2"):
        assert len(rows(await browser.get(f"{CLIENTS}?{wrong}"))) == 1, wrong


@BOTH
async def test_new_rows_come_as_a_piece_of_the_page(view: str, start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await add(proxy, Batch([CLIENT, CLIENT], 0, [CALL, CALL], 0))
    browser = await signed_in(proxy)
    page = await browser.get(f"{view}?project=demo&failures=on")
    address = document(page).css_first("table").attributes["data-rows"] or ""  # type: ignore[union-attr]
    newest = body(page).attributes["data-newest"]
    assert rows(page) == []

    other = {"project": "other", "outcome": "failed"}
    failed = {"outcome": "failed", "status": 502}
    await add(
        proxy,
        Batch(
            [CLIENT._replace(**failed), CLIENT._replace(**other), CLIENT],  # type: ignore[arg-type]
            0,
            [CALL._replace(result="failed"), CALL._replace(project="other", result="failed"), CALL],
        ),
    )
    piece = await browser.get(_join(page, f"{address}after={newest}"))
    assert len(rows(piece)) == 1
    assert body(piece).attributes["data-newest"] == "5"
    assert "data-more" not in body(piece).attributes
    assert float(body(piece).attributes["data-now"] or 0) == proxy.clock()
    assert body(piece).css_first("a[href$='admin/projects/demo']").attributes["href"] == (  # type: ignore[union-attr]
        "../admin/projects/demo" if view == CLIENTS else "../../admin/projects/demo"
    ), "as it has to be in the page that takes it in"
    assert rows(await browser.get(_join(page, f"{address}after=5"))) == []


@BOTH
async def test_when_more_came_than_there_is_room_for_the_newest_are_shown_and_it_is_said(
    view: str, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy()
    number = SHOWN_ROWS + 10
    await add(proxy, Batch([CLIENT] * number, 0, [CALL] * number, 0))
    piece = await (await signed_in(proxy)).get(f"{view}/rows?after=2")
    assert len(rows(piece)) == SHOWN_ROWS
    assert "data-more" in body(piece).attributes
    assert body(piece).attributes["data-newest"] == str(number)


async def test_what_was_left_out_is_said(start_proxy: StartProxy, clock: Clock) -> None:
    proxy = await start_proxy()
    await add(proxy, Batch([CLIENT._replace(at=clock() - 7200)], 1234, [CALL], 0))
    browser = await signed_in(proxy)
    told = (await browser.get(CLIENTS)).words
    assert f"The newest {ROWS:,} are kept, now since 2 hours ago" in told
    assert "1,234 more ended since then and have no row" in told
    assert "None that ended since then is missing." in (await browser.get(UPSTREAMS)).words


async def test_a_server_of_which_nobody_asked_anything_says_what_to_do(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    page = await browser.get(CLIENTS)
    assert rows(page) == []
    assert links(document(page).css_first("#none")) == {"How to point one here": "../"}  # type: ignore[arg-type]
    page = await browser.get(UPSTREAMS)
    assert links(document(page).css_first("#none")) == {"Upstreams": "../../admin/upstreams"}  # type: ignore[arg-type]


async def test_what_clients_call_themselves_does_nothing_in_the_page(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await proxy.get(f"/simple/{quote('<b>demo</b>')}/", {"User-Agent": "<script>alert('x')</script>\"&'/1.0 more"})
    await proxy.get("/%1b[2J%e2%80%ae%3Cscript%3E", {"User-Agent": "x" * 9000})
    await written(proxy)
    await add(proxy, Batch([CLIENT._replace(agent="שלום/1.0")]))
    page = await (await signed_in(proxy)).get(CLIENTS)
    shown = rows(page)
    assert [row[2] for row in shown] == ["שלום/1.0", "x" * 40 + "…", "<script>alert('x')</script>\"&'/1.0"]
    assert not [cell for cell in page.text if not (cell.isprintable() or cell == "\n")]
    assert "<script>alert" not in page.text
    assert "<b>demo" not in page.text
    assert all(cell.css_first("bdi") is not None for cell in body(page).css("td:nth-child(3)"))


async def test_what_upstreams_send_does_nothing_in_the_page(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    failed = CALL._replace(result="failed", kind="status")
    await add(
        proxy, Batch(upstreams=[failed._replace(filename="demo\u202egpj.exe", reason="said <img src=x>\x1b[2J")])
    )
    page = await (await signed_in(proxy)).get(UPSTREAMS)
    (row,) = rows(page)
    assert row[2] == "demo demo⟨202E⟩gpj.exe"
    assert row[4] == "status: said <img src=x>⟨1B⟩[2J"
    assert "<img src=x" not in page.text
    assert "\u202e" not in page.text


@pytest.mark.parametrize(
    "text", ["<script>&\"'", "%ff%fe", "%00%1b[2J", "%e2%80%ae", "x" * 20_000, "[a", "%s%d{{7*7}}"]
)
async def test_whatever_is_typed_is_kept_harmlessly_and_finds_nothing(text: str, start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await add(proxy, Batch([CLIENT], 0, [CALL], 0))
    browser = await signed_in(proxy)
    names = ("client", "agent", "project", "outcome", "route", "upstream", "result", "kind")
    for view, columns in ((CLIENTS, names[:6]), (UPSTREAMS, names[2:3] + names[4:])):
        for name in columns:
            page = await browser.get(f"{view}?{name}={quote(text, safe='%')}")
            assert rows(page) == [], name
            assert len(page.text) < 20_000
            assert "<script>&" not in page.text
            assert "\u202e" not in page.text
    shown = document(await browser.get(f"{CLIENTS}?client={'x' * 1000}")).css_first("#client")
    assert shown is not None
    assert shown.attributes["value"] == "x" * LONGEST_TYPED


@BOTH
async def test_whatever_is_recorded_the_page_stays_small(view: str, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(*(UpstreamSettings(name=f"upstream-{n}", url="https://h.example/") for n in range(40)))
    worst = CLIENT._replace(
        client='"' * 64, agent='"' * 60, method='"' * 16, project="", filename="", address='"' * 200
    )
    call = CALL._replace(project="p" * 255, filename='"' * 500, reason='"' * 500, result="failed", kind="status")
    of_file = worst._replace(project="p" * 100, filename='"' * 255, address="")
    await add(proxy, Batch([worst, of_file] * 100, 0, [call] * 200, 0))
    browser = await signed_in(proxy)
    for address in (view, f"{view}/rows"):
        page = await browser.get(address)
        assert len(rows(page)) == SHOWN_ROWS
        assert len(page.text.encode()) < 100_000


async def test_rows_of_a_year_are_shown(start_proxy: StartProxy, clock: Clock) -> None:
    proxy = await start_proxy()
    run = asyncio.get_running_loop().run_in_executor
    await run(None, seeding_history.seed, proxy.config.storage.directory, clock())
    browser = await signed_in(proxy)
    for view in (CLIENTS, UPSTREAMS):
        page = await browser.get(view)
        assert len(rows(page)) == SHOWN_ROWS
        assert repeated_ids(page) == set()
        assert "style=" not in page.text
        assert len(table(document(page).body)) == SHOWN_ROWS + 1  # type: ignore[arg-type]


@BOTH
async def test_a_viewer_sees_all_and_a_stranger_nothing(view: str, start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await add(proxy, Batch([CLIENT], 0, [CALL], 0))
    viewer = await signed_in(proxy, "vera", "viewer")
    assert len(rows(await viewer.get(view))) == 1
    for address in (view, f"{view}/rows?after=0"):
        page = await Browser(proxy).get(address)
        assert (page.status, page.location.partition("?")[0]) == (303, "/admin/sign-in")


async def test_both_views_and_the_audit_log_lead_to_each_other(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    tabs = document(await browser.get(UPSTREAMS)).css_first("nav.tabs")
    assert tabs is not None
    assert links(tabs) == {
        "Clients": "../../admin/activity",
        "Upstreams": "../../admin/activity/upstreams",
        "Audit log": "../../admin/audit",
    }
    assert words(tabs.css_first("[aria-current=page]")) == "Upstreams"  # type: ignore[arg-type]


def test_every_word_that_is_recorded_can_be_chosen() -> None:
    assert tuple(OUTCOMES) == RECORDED_OUTCOMES
    assert set(ROUTES) == set(SHOWN)
    assert set(KINDS) == {*(kind for _, kind in RECORDED_KINDS), "credentials refused", "rate limit", "other"}
    assert set(RESULTS) == {"found", "missing", "failed"}


def _follow(page: Page, link: LexborNode) -> str:
    return _join(page, link.attributes["href"] or "")


def _join(page: Page, address: str) -> str:
    return urljoin(page.path, address)
