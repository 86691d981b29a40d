"""What holds for every page: no sideways scrolling, nothing that keeps anybody out, and small enough."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Response

from tests.browser.axe import found_by_axe
from tests.browser.pages import PAGES, Address
from tests.browser.site import DESK, PHONE, Site, Window

LARGEST_PAGE = 100_000
"""Bytes of HTML, uncompressed."""

CONTROLS = """
() => {
    const numbered = [...document.querySelectorAll(
        "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"
    )].filter((control) => !control.disabled && control.checkVisibility({visibilityProperty: true}) &&
        !(control.type === "radio" && !control.checked)
    ).map((control, number) => { control.dataset.number = number; return control.outerHTML.slice(0, 120); });
    const start = document.body.insertAdjacentElement("afterbegin", document.createElement("a"));
    start.tabIndex = -1;
    start.focus();
    window.reached = [];
    document.addEventListener("focusin", (event) => window.reached.push(event.target.dataset.number));
    return numbered;
}
"""
"""Numbers the controls and names them, puts the focus before them, and notes from then on which of them are reached."""

LINKS = "() => [...document.querySelectorAll('a[href]')].map((link) => link.href.split('#')[0])"

LOST_FRAGMENTS = """
() => [...document.querySelectorAll("a[href^='#']")].map((link) => link.getAttribute("href"))
    .filter((fragment) => !document.getElementById(fragment.slice(1)))
"""

Opened = tuple[Window, Response]


@pytest.fixture(scope="module")
def windows(seeded_site: Site) -> Iterator[dict[str, Window]]:
    """One for each account: pages are opened in it one after the other."""
    yield {}
    seeded_site.close_windows()


@pytest.fixture(scope="module", params=PAGES, ids=str)
def opened(request: pytest.FixtureRequest, seeded_site: Site, windows: dict[str, Window]) -> Iterator[Opened]:
    """Each page once, for all the tests below."""
    address: Address = request.param
    window = windows.get(address.who) or windows.setdefault(address.who, seeded_site.window(address.who))
    window.watch.expected = {address.status} - {200}
    answer = window.page.goto(f"/{address.path}")
    assert answer is not None
    assert answer.status == address.status
    yield window, answer
    complaints, window.watch.complaints[:] = list(window.watch.complaints), []
    assert complaints == []


@pytest.fixture(scope="module")
def followed() -> set[tuple[str, str]]:
    """The links that were followed already, and who did."""
    return set()


@pytest.fixture
def page(opened: Opened) -> Page:
    """As it is on a desk, by day."""
    page = opened[0].page
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")
    return page


def test_axe_finds_nothing_serious(page: Page) -> None:
    assert found_by_axe(page) == []


def test_it_can_be_read_in_the_dark(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    assert found_by_axe(page, "color-contrast") == []


def test_a_phone_does_not_scroll_sideways(page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_every_control_is_reached_by_tab(page: Page) -> None:
    controls = page.evaluate(CONTROLS)
    for _ in range(len(controls)):
        page.keyboard.press("Tab")
    reached = set(page.evaluate("window.reached"))
    assert [control for number, control in enumerate(controls) if str(number) not in reached] == []


def test_its_links_lead_somewhere(
    page: Page, request: pytest.FixtureRequest, followed: set[tuple[str, str]], seeded_site: Site
) -> None:
    who = request.node.callspec.params["opened"].who
    addresses = {(who, address) for address in page.evaluate(LINKS) if address.startswith(seeded_site.url)}
    nowhere = [address for _, address in addresses - followed if page.request.get(address).status >= 400]
    followed.update(addresses)
    assert nowhere == []
    assert page.evaluate(LOST_FRAGMENTS) == []


def test_it_is_small_and_says_what_it_is(opened: Opened) -> None:
    window, answer = opened
    assert len(answer.body()) < LARGEST_PAGE
    assert window.page.locator("h1").count() == 1
    assert window.page.title() not in ("", "pyproxy")
