"""Pages that bring themselves up to date: as somebody sees them who leaves them open."""

from __future__ import annotations

import time

from playwright.sync_api import Page, Request

from pyproxy.storage.periods import HOUR, start_of
from tests.browser.site import Site

ROWS, NONE = "#rows tr", "#none"
A_WHILE_MS = 60_000


def asked_for(page: Page, part: str) -> list[str]:
    """A list that grows with each request of the page for such an address."""
    found: list[str] = []

    def take(request: Request) -> None:
        if part in request.url:
            found.append(request.url)

    page.on("request", take)
    return found


def test_requests_come_in_by_themselves_until_somebody_pauses(shared: Site) -> None:
    page = shared.window().open("admin/activity?project=by-itself")
    assert page.locator(NONE).is_visible()
    assert shared.ask("/simple/by-itself/") == 404
    page.wait_for_selector(ROWS)
    assert page.locator(NONE).count() == 0
    assert "missing" in page.inner_text(ROWS)
    link = page.locator("#rows a", has_text="by-itself")
    assert link.evaluate("link => link.href") == f"{shared.url}/admin/projects/by-itself"


def test_while_it_is_paused_or_a_row_is_pointed_at_nothing_is_fetched(shared: Site) -> None:
    page = shared.window().page
    page.clock.install()
    page.goto("/admin/activity")
    fetched = asked_for(page, "/rows?")
    page.clock.run_for(A_WHILE_MS)
    page.wait_for_function("document.getElementById('live-state').textContent.includes('themselves')")
    page.click("#pause")
    assert page.inner_text("#pause") == "Go on"
    before = len(fetched)
    page.clock.run_for(A_WHILE_MS)
    assert len(fetched) == before
    with page.expect_request("**/rows?**"):
        page.click("#pause")
        page.clock.run_for(A_WHILE_MS)
    page.hover(ROWS)
    page.clock.run_for(A_WHILE_MS)
    before = len(fetched)
    page.clock.run_for(A_WHILE_MS)
    assert len(fetched) == before


def test_the_dashboard_follows_and_leaves_open_what_is_open(shared: Site) -> None:
    page = shared.window().page
    page.clock.install()
    page.goto("/admin/")
    page.click("#chart-requests summary")
    figure = "#figures .figure >> nth=0"
    before = page.inner_text(figure)
    hour = start_of(time.time(), HOUR)
    sql = "INSERT OR REPLACE INTO client_counts VALUES (3600, ?, 'page', 'refused', 100000, 0, 0)"
    shared.change(lambda database: database.write_now(lambda opened: opened.execute(sql, (hour,)).rowcount))
    page.locator("h1").click()
    page.clock.run_for(A_WHILE_MS)
    page.wait_for_function("before => document.querySelector('#figures .figure').textContent !== before", arg=before)
    assert page.inner_text(figure).startswith("100,")
    assert page.locator("#chart-requests details[open]").count() == 1
    assert page.locator("#chart-calls details[open]").count() == 0


def test_without_javascript_there_is_no_sign_of_what_it_would_do(shared: Site) -> None:
    page = shared.window(java_script_enabled=False).open("admin/activity")
    assert page.locator("#live").is_hidden()
    assert page.locator("a.newer").first.is_visible()
    page.goto("/admin/")
    assert page.locator("#refresh").is_hidden()
