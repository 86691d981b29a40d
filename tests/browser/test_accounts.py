"""Accounts and tokens, made and taken away in a browser as it is."""

from __future__ import annotations

import pytest

from tests.browser.axe import found_by_axe
from tests.browser.site import NAME, PASSWORD, PHONE, Site

with_and_without_javascript = pytest.mark.parametrize("scripts", [True, False], ids=["JavaScript", "no JavaScript"])


@with_and_without_javascript
def test_an_account_is_added_changed_and_removed(scripts: bool, site: Site) -> None:
    window = site.window(java_script_enabled=scripts, expected={422})
    page, name = window.page, f"heidi-{scripts}"
    window.open("admin/")
    page.click("nav.menu >> text=Accounts")
    window.fill(name=name, password=PASSWORD, again="something else")
    page.click("#add")
    assert page.inner_text("#again-problem") == "This is not the same password."
    assert page.input_value("#name") == name
    assert not scripts or found_by_axe(page) == []

    window.fill(password=PASSWORD, again=PASSWORD)
    page.click("#add")
    assert page.inner_text("[role=status]") == f"{name} is added: viewer."
    page.select_option("#role", "admin")
    page.click("#change-role")
    assert page.inner_text("[role=status]") == f"{name} may change things now."

    page.click("text=Remove")
    assert window.heading == f"Remove {name}?"
    page.click("#remove")
    assert page.inner_text("[role=status]") == f"{name} is removed."
    page.click("nav.tabs >> text=Audit log")
    told = page.inner_text("tbody tr:first-child").split()
    assert told[-7:] == ["removed", "account", name, "role", "admin", "→", "none"]


def test_ones_own_role_is_changed_after_a_question(site: Site) -> None:
    site.add_account("ivan", "admin")
    site.sign_in("ivan")
    window = site.window("ivan")
    window.open("admin/accounts/ivan")
    window.page.select_option("#role", "viewer")
    window.page.once("dialog", lambda dialog: dialog.dismiss())
    window.page.click("#change-role")
    assert window.page.input_value("#role") == "viewer", "nothing was sent"
    window.page.once("dialog", lambda dialog: dialog.accept())
    window.page.click("#change-role")
    assert window.page.inner_text("[role=status]") == "ivan may look, and change nothing."
    assert window.page.locator("#role").count() == 0


@with_and_without_javascript
def test_a_token_is_made_shown_once_and_revoked(scripts: bool, site: Site) -> None:
    window = site.window(java_script_enabled=scripts, viewport=PHONE)
    page, name = window.page, f"token-{scripts}"
    window.open("admin/tokens")
    window.fill(name=name)
    page.select_option("#role", "viewer")
    page.click("#make")
    token = page.inner_text("#token")
    assert token.startswith("pyproxy_")
    assert f"{site.url}/api/v1/upstreams" in page.inner_text("main")
    if scripts:
        assert found_by_axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        assert page.locator("button.copy").count() > 3

    page.click("text=I have it")
    assert token not in page.content()
    page.click(f"[aria-label='Revoke {name}']")
    page.click("#revoke")
    assert page.inner_text("[role=status]") == f"The token {name} is revoked."
    assert NAME in page.inner_text(".who")
