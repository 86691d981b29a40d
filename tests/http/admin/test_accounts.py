"""The pages of accounts: added, changed and removed in a browser, by those who may."""

from __future__ import annotations

import re
import sqlite3

import pytest

from pyproxy.admin.accounts.roster import ROWS
from pyproxy.storage.accounts import AccountStore
from pyproxy.storage.audit import AuditLog
from pyproxy.storage.tokens import TokenStore
from tests.http.admin.browser import NAME, PASSWORD, Browser, add_account, signed_in
from tests.http.administration import database_of
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.http.reading import add_token

LIST = "/admin/accounts"
NEW = {"name": "grace", "role": "viewer", "password": "four words are enough", "again": "four words are enough"}


def roles(proxy: Proxy) -> dict[str, str]:
    with database_of(proxy) as database:
        return {account.name: account.role for account in AccountStore(database).list()}


def last_told(proxy: Proxy) -> tuple[str, str, str, str]:
    """Who did what to what, from where."""
    with database_of(proxy) as database:
        entry = AuditLog(database, float).entries()[0]
    return entry.actor.name, entry.action, entry.subject, entry.actor.address


async def test_an_account_is_added_and_may_sign_in(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)

    page = await browser.follow(await browser.submit(LIST, NEW))

    assert (page.path, page.status) == (f"{LIST}/grace", 200)
    assert "grace is added: viewer." in page.words
    assert roles(proxy) == {NAME: "admin", "grace": "viewer"}
    assert last_told(proxy) == (NAME, "added", "account grace", "127.0.0.1")
    grace = Browser(proxy)
    answer = await grace.submit("/admin/sign-in", {"name": "grace", "password": NEW["password"]})
    assert answer.status == 303


@pytest.mark.parametrize(
    ("fields", "wrong", "said"),
    [
        ({"name": ""}, "name", "Is missing"),
        ({"name": "a b"}, "name", "Is no name"),
        ({"name": "ADA"}, "name", "There is one of this name already"),
        ({"name": "<script>alert(1)</script>"}, "name", "Is no name"),
        ({"name": "x" * 5000}, "name", "Is no name"),
        ({"name": "\u202egrace\x00"}, "name", "Is no name"),
        ({"password": "short", "again": "short"}, "password", "Is too short"),
        ({"again": "another one"}, "again", "This is not the same password."),
        ({"role": "root"}, "role", "Is no role"),
        ({"role": ""}, "role", "Is no role"),
    ],
)
async def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_stays(
    fields: dict[str, str], wrong: str, said: str, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    page = await browser.submit(LIST, {**NEW, "role": "admin", **fields})
    assert page.status == 422
    found = re.search(rf'id="{wrong}-problem">([^<]*)<', page.text)
    assert found, page.words
    assert said in found[1]
    assert "<script>alert" not in page.text
    assert "\u202e" not in page.text
    assert len(page.text) < 20_000
    assert NEW["password"] not in page.text
    if "name" not in fields:
        assert 'value="grace"' in page.text
    if "role" not in fields:
        assert '<option value="admin" selected>' in page.text
    assert roles(proxy) == {NAME: "admin"}


async def test_a_role_is_changed_and_holds_at_once(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser, grace = await signed_in(proxy), await signed_in(proxy, "grace", "viewer")
    assert "Add an account" not in (await grace.get(LIST)).words

    page = await browser.submit(f"{LIST}/grace", {"change": "role", "role": "admin"})

    assert "grace may change things now." in (await browser.follow(page)).words
    assert last_told(proxy) == (NAME, "changed", "account grace", "127.0.0.1")
    assert "Add an account" in (await grace.get(LIST)).words


async def test_another_password_signs_its_owner_out(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser, grace = await signed_in(proxy), await signed_in(proxy, "grace", "viewer")
    new = "another long password"

    page = await browser.submit(f"{LIST}/grace", {"change": "password", "password": new, "again": new})

    assert "The password of grace is changed" in (await browser.follow(page)).words
    assert (await grace.get(LIST)).status == 303
    assert (await Browser(proxy).submit("/admin/sign-in", {"name": "grace", "password": PASSWORD})).status == 401
    assert (await Browser(proxy).submit("/admin/sign-in", {"name": "grace", "password": new})).status == 303


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"change": "password", "password": "short", "again": "short"}, "password"),
        ({"change": "password", "password": "long enough it is", "again": "x"}, "again"),
        ({"change": "role", "role": "root"}, "role"),
    ],
)
async def test_a_wrong_change_is_refused_beside_its_field(
    fields: dict[str, str], wrong: str, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    add_account(proxy, "grace", "viewer")
    page = await browser.submit(f"{LIST}/grace", fields)
    assert (page.status, f'id="{wrong}-problem"' in page.text) == (422, True)
    assert roles(proxy)["grace"] == "viewer"


async def test_somebody_is_signed_out_everywhere(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser, grace = await signed_in(proxy), await signed_in(proxy, "grace", "viewer")
    seen = await browser.get(f"{LIST}/grace")
    assert "127.0.0.1" in seen.words
    page = await browser.submit(f"{LIST}/grace", {"change": "sessions"})
    assert "grace is signed out everywhere." in (await browser.follow(page)).words
    assert (await grace.get(LIST)).status == 303
    assert last_told(proxy)[:3] == (NAME, "signed out", "account grace")


async def test_an_account_is_removed_after_a_question_that_tells_what_it_means(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser, grace = await signed_in(proxy), await signed_in(proxy, "grace", "viewer")
    with database_of(proxy) as database:
        TokenStore(database).add(
            "ci", "read", b"hash", now=1.0, created_by="grace", expires_at=None, witness=lambda _: None
        )

    question = await browser.get(f"{LIST}/grace/remove")
    page = await browser.submit(f"{LIST}/grace/remove")

    assert "signed out in 1 browser" in question.words
    assert "1 token that it made stays good" in question.words
    assert page.location == LIST
    assert "grace is removed." in (await browser.follow(page)).words
    assert roles(proxy) == {NAME: "admin"}
    assert (await grace.get(LIST)).status == 303
    assert (await browser.get(f"{LIST}/grace")).status == 404


async def test_the_last_admin_stays_one_whatever_is_sent(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    add_account(proxy, "grace", "viewer")
    page = await browser.get(f"{LIST}/{NAME}")
    assert "You are the only one who may change things" in page.words
    assert f"{NAME}/remove" not in page.text

    demoted = await browser.submit(f"{LIST}/{NAME}", {"change": "role", "role": "viewer"}, form_on=LIST)
    removed = await browser.submit(f"{LIST}/{NAME}/remove")

    assert (demoted.status, removed.status) == (422, 422)
    assert "Nobody else may change things" in removed.words
    assert roles(proxy) == {NAME: "admin", "grace": "viewer"}


async def test_of_two_admins_one_may_go_and_is_signed_out(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser, other = await signed_in(proxy), await signed_in(proxy, "grace")
    question = await browser.get(f"{LIST}/{NAME}/remove")
    assert "This is your own account" in question.words
    page = await browser.submit(f"{LIST}/{NAME}/remove")
    assert page.location == "/admin/sign-in"
    assert (await browser.get(LIST)).status == 303
    assert (await other.get(LIST)).status == 200
    assert roles(proxy) == {"grace": "admin"}


async def test_ones_own_password_is_not_changed_here_where_the_present_one_is_not_asked_for(
    start_proxy: StartProxy,
) -> None:
    """Else a browser that somebody left open would be enough."""
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    new = "another long password"
    fields = {"change": "password", "password": new, "again": new}
    page = await browser.submit(f"{LIST}/{NAME}", fields, form_on=LIST)
    assert (page.status, page.location) == (303, "/admin/account")
    assert (await Browser(proxy).submit("/admin/sign-in", {"name": NAME, "password": new})).status == 401


@pytest.mark.parametrize("path", [LIST, f"{LIST}/{NAME}", f"{LIST}/{NAME}/remove"])
async def test_a_viewer_sees_it_all_and_changes_nothing(path: str, start_proxy: StartProxy) -> None:
    """(check 62)"""
    proxy = await start_proxy()
    add_account(proxy)
    viewer = await signed_in(proxy, "vera", "viewer")
    page = await viewer.get(path)
    assert page.status == 200
    forms = re.findall(r'<form method="post" action="([^"]*)"', page.text)
    assert [form.rpartition("/")[2] for form in forms] == ["sign-out"]
    refused = await viewer.submit(path, {**NEW, "change": "role"}, form_on="/admin/account")
    assert refused.status == 403
    assert roles(proxy) == {NAME: "admin", "vera": "viewer"}


@pytest.mark.parametrize("name", ["nobody", "%FF", "%00", "a%2Fb", "..%2f..", "x" * 300, "%E2%80%AE"])
@pytest.mark.parametrize("rest", ["", "/remove"])
async def test_accounts_that_there_are_not_are_a_friendly_404(name: str, rest: str, start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    for page in (
        await browser.get(f"{LIST}/{name}{rest}"),
        await browser.submit(f"{LIST}/{name}{rest}", {"change": "role", "role": "admin"}, form_on=LIST),
    ):
        assert page.status == 404
        assert "There is no such" in page.words


async def test_a_long_list_comes_in_pages_that_stay_small(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    names = [f"person-{number:03}-{'x' * 50}" for number in range(ROWS + 30)]

    def add(connection: sqlite3.Connection) -> None:
        sql = """
            INSERT INTO accounts (name, role, password_hash, created_at, password_changed_at)
            VALUES (?, 'viewer', '', 1, 1)
        """
        connection.executemany(sql, [(name,) for name in names])

    with database_of(proxy) as database:
        database.write_now(add)

    first = await browser.get(LIST)
    found = re.search(r'rel="next" href="\.\./(admin/accounts\?after=[^"]*)"', first.text)
    assert found
    second = await browser.get(f"/{found[1]}")
    searched = await browser.get(f"{LIST}?q=PERSON-085")

    assert max(len(page.text.encode()) for page in (first, second)) < 100_000
    listed = re.findall(r'admin/accounts/(person-[^"]*)"', first.text + second.text)
    assert listed == names
    assert re.findall(r"admin/accounts/(person-\d+)", searched.text) == ["person-085"]
    assert "No account has this in its name" in (await browser.get(f"{LIST}?q=%3Cscript%3E")).words


async def test_the_pages_are_found_from_the_menu_and_from_ones_own_page(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    add_token(proxy)
    for path in ("/admin/account", LIST):
        links = re.findall(r'href="\.\./(admin/(?:accounts|tokens))"', (await browser.get(path)).text)
        assert {"admin/accounts", "admin/tokens"} <= set(links)
    for path in (LIST, f"{LIST}/{NAME}", "/admin/tokens", "/admin/audit", "/admin/tokens/ci/revoke"):
        assert re.search(r'admin/accounts" aria-current="page">Accounts', (await browser.get(path)).text), path
