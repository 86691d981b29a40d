"""Adding, testing, ordering, switching and removing upstreams in a browser as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pyproxy.settings import UpstreamSettings
from tests.browser.pages import VIEWER
from tests.browser.site import Site
from tests.clients.upstream_thread import UpstreamThread

with_and_without_javascript = pytest.mark.parametrize("scripts", [True, False], ids=["JavaScript", "no JavaScript"])

COUNTED_MS = 120_000
"""Counts are written every ten seconds."""


@pytest.fixture
def three(site: Site) -> Site:
    """A site with the upstreams first, second and third, of which only the names matter."""
    names = ("first", "second", "third")
    site.use_upstreams(*(UpstreamSettings(name=name, url="http://127.0.0.1:9/") for name in names))
    return site


def order(page: Page) -> list[str]:
    """The names in the list, from top to bottom."""
    return page.locator("#order h2 a").all_inner_texts()


def install(project: str, site: Site, folder: Path) -> subprocess.CompletedProcess[str]:
    """With the pip of these tests' own environment."""
    general = ("--isolated", "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--retries=0")
    command = [sys.executable, "-m", "pip", *general, "install", "--target", str(folder), "--no-deps"]
    environment = site.server.environment()
    return subprocess.run(
        [*command, "--index-url", site.server.index_url, project],
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_one_with_a_certificate_of_its_own_is_tested_added_and_installed_from(
    site: Site, self_signed: UpstreamThread, tmp_path: Path
) -> None:
    self_signed.publish_wheel("tools", "1.0")
    window = site.window()
    page = window.open("admin/upstreams")
    page.click("text=Add an upstream")
    window.fill(name="own", url=self_signed.url)

    page.click("#test")
    expect(page.locator("#steps .failed").first).to_contain_text("certificate")
    expect(page.locator("#steps .end")).to_contain_text("It failed.")

    page.uncheck("#verify_ssl")
    page.fill("#project", "tools")
    page.press("#project", "Enter")  # which tests, and does not save
    expect(page.locator("#steps .end")).to_contain_text("Nothing failed")
    expect(page.locator("#steps")).to_contain_text("tools")

    page.click("#save")
    assert window.heading.startswith("own")
    expect(page.locator(".caution")).to_contain_text("certificate is not checked")
    page = window.open("admin/upstreams")
    assert order(page) == ["scripted", "own"]

    done = install("tools", site, tmp_path / "installed")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "installed" / "tools").is_dir()
    page = window.open("admin/")
    expect(page.locator("#attention")).to_contain_text("its certificate is not checked")
    _wait_for_counts(page, "tools")
    expect(page.locator("#upstreams tr", has_text="own")).to_contain_text("active")


def test_without_javascript_a_test_of_what_is_typed_opens_beside_the_form(
    site: Site, self_signed: UpstreamThread
) -> None:
    window = site.window(java_script_enabled=False)
    page = window.open("admin/upstreams/+add")
    window.fill(name="own", url=self_signed.url)
    with page.context.expect_page() as opened:
        page.click("#test")
    expect(opened.value.locator(".steps .end")).to_contain_text("It failed.")
    assert page.input_value("[name=name]") == "own"

    page.uncheck("#verify_ssl")
    page.click("#save")
    assert window.heading.startswith("own")


def test_a_mistake_is_told_beside_its_field_and_what_was_typed_is_kept(shared: Site) -> None:
    window = shared.window(expected={422})
    page = window.open("admin/upstreams/+add")
    window.fill(name="not a name", url="https://pypi.example.org/", connect_timeout_ms="soon")
    page.click("#save")
    for field, typed in (("name", "not a name"), ("connect_timeout_ms", "soon")):
        assert page.input_value(f"#{field}") == typed
        assert page.get_attribute(f"#{field}", "aria-invalid") == "true"
        expect(page.locator(f"#{field}-problem")).to_be_visible()
    assert page.input_value("#url") == "https://pypi.example.org/"


def test_what_a_stranger_wrote_is_shown_and_does_nothing(site: Site) -> None:
    hostile = "<img src=x onerror=alert(1)>\u202e'\""
    window = site.window()
    page = window.open("admin/upstreams/+add")
    window.fill(name="odd", url="http://127.0.0.1:9/", username=hostile, password="s3cret")
    page.uncheck("#active")
    page.click("#save")
    expect(page.locator("dl.facts").first).to_contain_text(hostile)
    for path in ("admin/upstreams", "admin/upstreams/odd/edit", "admin/settings", "admin/"):
        assert "s3cret" not in window.open(path).content()


@pytest.mark.parametrize(
    ("key", "expected"), [("ArrowUp", ["first", "third", "second"]), ("Home", ["third", "first", "second"])]
)
def test_the_order_is_changed_by_keyboard(key: str, expected: list[str], three: Site) -> None:
    page = three.window().open("admin/upstreams")
    page.focus("#upstream-third .handle")
    page.keyboard.press(key)
    expect(page.locator("[aria-live=assertive]")).to_contain_text(f"third is at position {expected.index('third') + 1}")
    assert order(page) == expected
    assert page.evaluate("document.activeElement.closest('li').dataset.name") == "third"  # to go on from there
    page.reload()
    assert order(page) == expected


def test_the_order_is_changed_by_dragging(three: Site) -> None:
    page = three.window().open("admin/upstreams")
    handle, top = page.locator("#upstream-third .handle").bounding_box(), page.locator("#upstream-first").bounding_box()
    assert handle is not None
    assert top is not None
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(handle["x"] + handle["width"] / 2, top["y"] + 5, steps=12)
    page.mouse.up()
    expect(page.locator("[aria-live=assertive]")).to_contain_text("third is at position 1")
    page.reload()
    assert order(page) == ["third", "first", "second"]


@with_and_without_javascript
def test_the_order_is_changed_and_one_switched_off_by_buttons(scripts: bool, three: Site) -> None:
    page = three.window(java_script_enabled=scripts).open("admin/upstreams")
    page.get_by_label("Move second up").click()
    expect(page.locator("[role=status]")).to_be_visible()
    assert order(page) == ["second", "first", "third"]

    switch = page.get_by_role("switch", name="third is asked")
    expect(switch).to_be_checked()
    switch.press("Space")
    expect(switch).not_to_be_checked()
    page.reload()
    expect(switch).not_to_be_checked()
    expect(page.locator("#upstream-third .badge").first).to_have_text("off")


def test_of_two_who_change_the_order_the_second_is_told(three: Site) -> None:
    one, other = three.window(), three.window(expected={409})
    one.open("admin/upstreams")
    other.open("admin/upstreams")
    one.page.get_by_label("Move third up").click()
    expect(one.page.locator("[role=status]")).to_be_visible()
    other.page.get_by_label("Move second up").click()
    expect(other.page.locator("[role=alert]")).to_be_visible()
    assert order(other.page) == ["first", "third", "second"]


@with_and_without_javascript
def test_removing_one_says_what_goes_before_it_goes(scripts: bool, three: Site) -> None:
    page = three.window(java_script_enabled=scripts).open("admin/upstreams")
    page.get_by_label("Remove second").click()
    assert page.inner_text("h1") == "Remove second?"
    page.click("#remove")
    assert order(page) == ["first", "third"]


def test_a_viewer_sees_all_of_it_and_can_change_nothing(shared: Site) -> None:
    window = shared.window(VIEWER, expected={403})
    page = window.open("admin/upstreams")
    assert order(page) == ["scripted", "broken"]
    assert page.locator("main button, main form, main .button").count() == 0
    for path in ("admin/upstreams/scripted/switch", "admin/upstreams/scripted/remove", "admin/upstreams/+add"):
        assert _forged(page, path) == 403
    page.reload()
    expect(page.locator("#upstream-scripted .badge").first).to_have_text("active")


def _forged(page: Page, path: str) -> int:
    """The status for a form that this page does not have."""
    script = """
        async (path) => {
            const body = new URLSearchParams({active: "no", version: "1", name: "x", url: "https://h.example/"});
            body.set("_xsrf", document.querySelector("[name=_xsrf]").value);
            return (await fetch(path, {method: "POST", body})).status;
        }
    """
    return int(page.evaluate(script, f"/{path}"))


def _wait_for_counts(page: Page, project: str) -> None:
    """Look again until the project is among those that were asked for."""
    for _ in range(COUNTED_MS // 500):
        if project in page.inner_text("#projects"):
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError("nothing was counted")
