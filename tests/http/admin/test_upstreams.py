"""The list of upstreams, what its buttons do, one upstream's page, and removing one."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pyproxy.handlers.admin.upstreams import SHOWN_LINES
from pyproxy.settings import UpstreamSettings
from tests.http.admin.browser import Browser, Page, signed_in
from tests.http.admin.upstream_forms import text_of
from tests.http.administration import administration, database_of, noticed
from tests.http.commands import done
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.http.publishing import publish
from tests.upstream_server import Status, UpstreamServer
from tests.waiting import eventually

LIST = "/admin/upstreams"
SECRET = "s3cret-in-clear"


def named(*names: str) -> list[UpstreamSettings]:
    return [UpstreamSettings(name=name, url=f"https://{name}.example.org/") for name in names]


def shown(page: Page) -> list[str]:
    """The names in the order of the page."""
    return re.findall(r'<li id="upstream-[\w-]+" data-name="([\w-]+)"', page.text)


def order(proxy: Proxy) -> list[str]:
    with administration(proxy) as store:
        return [each.settings.name for each in store.list()]


def pressed(page: Page, label: str) -> tuple[str, dict[str, str]]:
    """Where a button of the list leads, and what it sends."""
    button = next(each for each in re.findall(r"<button form=\"steer\"[^>]*>", page.text) if f'"{label}"' in each)
    assert " disabled" not in button
    attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', button))
    version = re.search(r'name="order" value="(\w+)"', page.text)
    assert version is not None
    path = "/admin/" + attributes["formaction"].partition("admin/")[2]
    return path, {"order": version[1], attributes["name"]: attributes["value"]} if "name" in attributes else {}


async def press(browser: Browser, label: str, page: Page | None = None) -> Page:
    """Press a button of the list, as it is now or was on a page that is open."""
    path, fields = pressed(page or await browser.get(LIST), label)
    return await browser.submit(path, fields, form_on=LIST)


async def test_the_list_has_the_order_in_which_upstreams_are_asked_and_what_they_are_asked_for(
    start_proxy: StartProxy,
) -> None:
    a, b, c = named("a", "b", "c")
    proxy = await start_proxy(
        replace(a, projects=("x-*", "y", "z", "w", "v"), excluded_projects=("x-1",), on_failure="stop"),
        replace(b, active=False),
        replace(c, token=SECRET),
    )
    page = await (await signed_in(proxy)).get(LIST)
    assert shown(page) == ["a", "b", "c"]
    assert "https://a.example.org/simple/ x-*, y, z and 2 more only, except x-1" in page.words
    assert "while it fails, its names end with an error" in text_of(page, "#upstream-a")
    assert "b off" in text_of(page, "#upstream-b")
    assert "all names · with credentials" in text_of(page, "#upstream-c")
    assert "while it fails, its names may be answered by other upstreams" in text_of(page, "#upstream-c")
    assert SECRET not in page.text


async def test_an_empty_list_says_what_to_do(start_proxy: StartProxy) -> None:
    page = await (await signed_in(await start_proxy())).get(LIST)
    assert "There is no upstream" in page.words
    assert 'href="../admin/upstreams/+add">Add the first one' in page.text


async def test_up_and_down_move_one_step_and_the_server_follows(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    publish(other, "demo", "2.0")
    proxy = await start_proxy(upstream, other)
    browser = await signed_in(proxy)
    assert (await proxy.get("/simple/demo/")).upstream == "first"

    page = await press(browser, "Move second up")

    assert (page.status, page.headers["Location"]) == (303, "../../../admin/upstreams#upstream-second")
    assert "second is at position 1." in (await browser.get(LIST)).words

    async def is_asked_first() -> bool:
        return (await proxy.get("/simple/demo/")).upstream == "second"

    await eventually(is_asked_first)
    await press(browser, "Move second down")
    assert order(proxy) == ["first", "second"]


async def test_the_ends_cannot_be_moved_out(start_proxy: StartProxy) -> None:
    page = await (await signed_in(await start_proxy(*named("a", "b")))).get(LIST)
    assert re.search(r'aria-label="Move a up" disabled', page.text)
    assert re.search(r'aria-label="Move b down" disabled', page.text)
    assert not re.search(r'aria-label="Move a down" disabled', page.text)


async def test_a_move_in_an_order_that_somebody_changed_meanwhile_shows_the_present_one(
    start_proxy: StartProxy,
) -> None:
    proxy = await start_proxy(*named("a", "b", "c"))
    browser = await signed_in(proxy)
    open_page = await browser.get(LIST)
    await noticed(proxy, lambda store: store.move("c", 1))
    page = await press(browser, "Move c up", open_page)
    assert page.status == 409
    assert "Somebody has changed the order meanwhile, so c was not moved." in page.words
    assert shown(page) == order(proxy) == ["c", "a", "b"]


@pytest.mark.parametrize("position", ["", "0", "-1", "x", "9" * 30])
async def test_a_position_that_is_none_moves_nothing(position: str, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(*named("a", "b"))
    browser = await signed_in(proxy)
    page = await browser.submit("/admin/upstreams/b/move", {"position": position}, form_on=LIST)
    assert page.status == 422
    assert "Nothing was moved." in page.words
    assert order(proxy) == ["a", "b"]


async def test_a_switch_takes_an_upstream_out_and_in_again(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    browser = await signed_in(proxy)

    page = await press(browser, "first is asked")

    assert "first is switched off: it is not asked, its verified files stay." in (await browser.follow(page)).words
    await eventually(lambda: answers(proxy, 503))
    await press(browser, "first is asked")
    await eventually(lambda: answers(proxy, 200))


async def written(proxy: Proxy) -> None:
    """Let the server write down what happened, as it does every few seconds."""
    await proxy.server.records.flush()
    await proxy.server.recorder.flush()


async def answers(proxy: Proxy, status: int) -> bool:
    return (await proxy.get("/simple/demo/")).status == status


async def test_a_switch_on_the_page_of_an_upstream_leads_back_to_it(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy(*named("a")))
    page = await browser.submit(
        "/admin/upstreams/a/switch", {"own": "yes", "active": "no"}, form_on="/admin/upstreams/a"
    )
    assert page.location == "/admin/upstreams/a"


@pytest.mark.parametrize("place", ["a/move", "a/switch", "a/remove", "a/test", "+test", "a/edit", "a/copy", "+add"])
async def test_a_viewer_sees_everything_and_changes_nothing(place: str, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(*named("a", "b"))
    viewer = await signed_in(proxy, "vera", "viewer")
    page = await viewer.get(LIST)
    assert shown(page) == ["a", "b"]
    assert 'form="steer"' not in page.text
    assert "/edit" not in (await viewer.get("/admin/upstreams/a")).text
    fields = {"position": "2", "active": "no", "name": "x", "url": "https://x.example.org/"}
    page = await viewer.submit(f"/admin/upstreams/{place}", fields, form_on="/admin/account")
    assert page.status == 403
    with administration(proxy) as store:
        assert [each.settings for each in store.list()] == named("a", "b")


@pytest.mark.parametrize("place", ["a/move", "a/switch", "a/remove", "a/test", "+test", "a/edit", "a/copy", "+add"])
async def test_a_form_without_the_token_changes_nothing(place: str, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(*named("a", "b"))
    browser = await signed_in(proxy)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    page = await browser.send("POST", f"/admin/upstreams/{place}", b"position=2&active=no&name=x", headers)
    assert page.status == 403
    with administration(proxy) as store:
        assert [each.settings for each in store.list()] == named("a", "b")


@pytest.mark.parametrize("path", [LIST, "/admin/upstreams/a", "/admin/upstreams/+add"])
async def test_whoever_is_not_signed_in_sees_nothing(path: str, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(*named("a"))
    await signed_in(proxy)
    page = await Browser(proxy).get(path)
    assert page.status == 303
    assert page.location.startswith("/admin/sign-in?next=upstreams")


async def test_a_long_list_comes_in_parts_each_a_small_page(start_proxy: StartProxy) -> None:
    names = [f"{number:03}-{'x' * 60}" for number in range(SHOWN_LINES + 5)]
    patterns = tuple(f"pattern-{number}-*" for number in range(1000))
    proxy = await start_proxy(
        *(
            UpstreamSettings(
                name=name, url=f"https://u{n}.example.org/{'p' * 1000}/", projects=patterns, token=SECRET
            )
            for n, name in enumerate(names)
        )
    )
    browser = await signed_in(proxy)
    page = await browser.get(LIST)
    assert shown(page) == names[:SHOWN_LINES]
    assert len(page.text.encode()) < 100_000
    page = await browser.get("/" + re.findall(r'href="\.\./(admin/upstreams\?from=\d+)"', page.text)[0])
    assert shown(page) == names[SHOWN_LINES:]
    page = await press(browser, f"Move {names[SHOWN_LINES]} up", page)
    assert page.headers["Location"].endswith(f"admin/upstreams#upstream-{names[SHOWN_LINES]}")
    assert order(proxy)[SHOWN_LINES - 1] == names[SHOWN_LINES]
    page = await press(browser, f"Move {names[SHOWN_LINES]} down")
    assert page.headers["Location"].endswith(f"upstreams?from={SHOWN_LINES + 1}#upstream-{names[SHOWN_LINES]}")
    for wrong in ("0", "-1", "x", "99999", "9" * 40):
        assert (await browser.get(f"{LIST}?from={wrong}")).status == 200


async def test_a_failing_upstream_says_so_with_the_reason(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream)
    browser = await signed_in(proxy)
    upstream.behave("/simple/", Status(500))
    await proxy.get("/simple/demo/")
    await written(proxy)
    assert "first failing" in text_of(await browser.get(LIST), "#upstream-first")
    assert "it answered 500" in text_of(await browser.get(LIST), "#upstream-first")
    page = await browser.get("/admin/upstreams/first")
    assert "The newest 1 request to it failed" in page.words
    assert "demo it answered 500" in text_of(page, "table.failures")


async def test_a_page_tells_settings_failures_and_projects(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    settings = UpstreamSettings(
        name="first",
        url=upstream.url,
        username="ci",
        password=SECRET,
        index_ttl=420.0,
        verify_ssl=False,
        http_proxy="none",
        projects=("demo", "x-*"),
    )
    proxy = await start_proxy(settings)
    upstream.username, upstream.password = "ci", SECRET
    await proxy.file("demo", "demo-1.0-py3-none-any.whl")
    await proxy.get("/simple/x-gone/")
    page = await (await signed_in(proxy)).get("/admin/upstreams/first")
    facts = text_of(page, "dl.facts")
    assert f"Index {upstream.url}/simple/ Position 1 Password stored, and never shown User name ci" in facts
    assert "SSL validation off" in facts
    assert "Pages are fresh for 7m" in facts
    assert "Projects demo, x-*" in facts
    assert "1 project “No such project” 1 name Verified files 1 file" in page.words
    assert 'href="../../admin/projects/demo"' in page.text
    assert "Its certificate is not checked (verify_ssl is off)" in page.words
    assert "Its credentials are sent unencrypted" in page.words
    assert SECRET not in page.text


async def test_a_page_shows_times_and_sums_of_a_range(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    await written(proxy)
    browser = await signed_in(proxy)
    for over in ("24h", "7d", "30d", "1y", "nonsense"):
        page = await browser.get(f"/admin/upstreams/first?range={over}")
        assert "Requests to it 1," in page.words, over
        assert 'id="chart-latency"' in page.text
    assert "Last answer just now" in page.words
    assert "none: the URL is http" in page.words


async def test_a_change_by_a_command_is_in_the_log_beside_those_of_pages(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(*named("a"))
    browser = await signed_in(proxy)
    await press(browser, "a is asked")
    await done(proxy, "upstream", "set", "a", "index_ttl=5m")
    with database_of(proxy) as database:
        rows = database.all("SELECT origin, action, subject FROM audit WHERE subject = 'upstream a' ORDER BY id", {})
    assert [tuple(row) for row in rows] == [
        ("page", "switched off", "upstream a"),
        ("command", "changed", "upstream a"),
    ]


async def test_removing_says_what_it_means_and_asks(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    publish(other, "demo", "9.0")
    proxy = await start_proxy(
        UpstreamSettings(name="private", url=upstream.url, projects=("demo", "x-*")),
        UpstreamSettings(name="public", url=other.url),
    )
    link = await proxy.link("demo", "demo-1.0-py3-none-any.whl")
    await proxy.get(link)
    browser = await signed_in(proxy)

    page = await browser.get("/admin/upstreams/private/remove")

    assert "1 page of projects is forgotten." in page.words
    assert re.search(r"1 verified file \([\d.]+ (kB|bytes)\) stays, and answers to its link", page.words)
    assert "These names are reserved for it, and will not be any more: demo, x-*" in page.words
    assert "Then public may answer for them." in page.words
    assert "demo public" in text_of(page, "table")
    assert order(proxy) == ["private", "public"]

    version = re.search(r'name="version" value="(\w+)"', page.text)
    assert version is not None
    page = await browser.submit("/admin/upstreams/private/remove", {"version": version[1]})

    assert "private is removed." in (await browser.follow(page)).words
    assert order(proxy) == ["public"]
    await eventually(lambda: answers(proxy, 200))
    await eventually(lambda: owned_by(proxy, "public"))
    assert (await proxy.get(link)).status == 200
    assert upstream.count("/packages/") == 1


async def owned_by(proxy: Proxy, name: str) -> bool:
    return (await proxy.get("/simple/demo/")).upstream == name


async def test_what_another_upstream_reserves_as_well_stays_reserved(start_proxy: StartProxy) -> None:
    a, b, c = named("a", "b", "c")
    proxy = await start_proxy(replace(a, projects=("X_*",)), replace(b, projects=("x-*",), active=False), c)
    page = await (await signed_in(proxy)).get("/admin/upstreams/a/remove")
    assert "reserved" not in page.words


async def test_one_that_was_changed_meanwhile_is_not_removed(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(*named("a"))
    browser = await signed_in(proxy)
    page = await browser.get("/admin/upstreams/a/remove")
    version = re.search(r'name="version" value="(\w+)"', page.text)
    assert version is not None
    await noticed(proxy, lambda store: store.change("a", replace(named("a")[0], projects=("p",))))
    page = await browser.submit("/admin/upstreams/a/remove", {"version": version[1]})
    assert page.status == 409
    assert "so it was not removed" in page.words
    assert "This name is reserved for it" in page.words
    assert order(proxy) == ["a"]
