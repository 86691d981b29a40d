"""Setting up, signing in and out, in a browser as it is."""

from __future__ import annotations

import pytest

from pyproxy.admin.accounts.sessions import IDLE_SECONDS
from tests.browser.axe import found_by_axe
from tests.browser.conftest import StartSite
from tests.browser.pages import OTHER
from tests.browser.site import NAME, PASSWORD, Site

with_and_without_javascript = pytest.mark.parametrize("scripts", [True, False], ids=["JavaScript", "no JavaScript"])


@with_and_without_javascript
def test_the_first_account_is_made_with_the_link_that_the_server_prints(scripts: bool, start_site: StartSite) -> None:
    site = start_site()
    window = site.window(java_script_enabled=scripts, expected={403, 422})
    window.open("admin/")
    assert window.heading == "No account yet"
    assert not scripts or found_by_axe(window.page) == []

    window.page.goto(site.set_up_link)
    window.fill(name=NAME, password=PASSWORD, again="something else")
    window.page.click("button.main")
    assert not scripts or found_by_axe(window.page) == []
    assert window.page.inner_text("#again-problem") == "This is not the same password."
    assert window.page.input_value("#name") == NAME

    window.fill(password=PASSWORD, again=PASSWORD)
    window.page.click("button.main")
    window.open("admin/account")
    assert window.heading == NAME
    window.page.goto(site.set_up_link)  # of no use any more
    assert window.page.locator("#again").count() == 0


@with_and_without_javascript
def test_signing_in_leads_back_to_where_one_wanted_to_go_and_out_again(scripts: bool, shared: Site) -> None:
    window = shared.window("", java_script_enabled=scripts)
    window.open("admin/settings")
    assert window.heading == "Sign in"
    window.fill(name=NAME, password=PASSWORD)
    window.page.keyboard.press("Enter")
    window.page.wait_for_url("**/admin/settings")
    assert window.heading == "Settings"

    window.page.click("text=Sign out")
    assert window.heading == "Sign in"
    window.open("admin/settings")
    assert window.heading == "Sign in"


def test_a_wrong_password_is_told_and_the_name_is_kept(shared: Site) -> None:
    window = shared.window("", expected={401})
    window.open("admin/sign-in")
    window.fill(name=NAME, password="not the password")
    window.page.click("button.main")
    assert window.page.inner_text("[role=alert]") == "The name or the password is not right."
    assert window.page.input_value("[name=name]") == NAME
    assert window.page.input_value("[name=password]") == ""
    assert window.page.evaluate("document.activeElement.name") == "password"


@pytest.mark.parametrize("missing", ["field", "cookie"])
def test_a_form_without_its_token_is_refused(missing: str, shared: Site) -> None:
    window = shared.window(expected={403})
    window.open("admin/account")
    if missing == "field":
        window.page.eval_on_selector_all("input[name=_xsrf]", "fields => fields.forEach(field => field.remove())")
    else:
        window.page.context.clear_cookies(name="pyproxy_xsrf")
    window.page.click("text=Sign out everywhere")
    assert "not sent from a page of this server" in window.heading
    window.open("admin/account")
    assert window.heading == NAME


def test_a_session_that_was_idle_for_too_long_has_ended(shared: Site) -> None:
    window = shared.window("")
    window.open("admin/sign-in?next=account")
    window.sign_in(OTHER)
    assert window.heading == OTHER

    sql = """
        UPDATE sessions SET seen_at = seen_at - :idle
        WHERE account_id = (SELECT id FROM accounts WHERE name = :name)
    """
    values = {"idle": IDLE_SECONDS + 60, "name": OTHER}
    shared.change(lambda database: database.write_now(lambda connection: connection.execute(sql, values)))
    window.page.reload()
    assert window.heading == "Sign in"
    assert window.place == "/admin/sign-in?next=account"


def test_signing_out_everywhere_ends_the_other_windows_too(shared: Site) -> None:
    here, there = shared.window(""), shared.window("")
    for window in (here, there):
        window.open("admin/sign-in?next=account")
        window.sign_in(OTHER)
        assert window.heading == OTHER
    here.page.click("text=Sign out everywhere")
    assert here.heading == "Sign in"
    there.page.reload()
    assert there.heading == "Sign in"
