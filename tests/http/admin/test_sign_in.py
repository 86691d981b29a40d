"""Signing in and out, as a browser without JavaScript does it."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie

import pytest

from pyproxy.admin.accounts.sessions import IDLE_SECONDS, LONGEST_SECONDS
from pyproxy.admin.accounts.throttle import FREE_FAILURES
from pyproxy.handlers.admin.base import SESSION_COOKIE
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.set_up_link import SetUpLink
from tests.http.admin.browser import NAME, PASSWORD, Browser, add_account, signed_in
from tests.http.administration import database_of
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock, Proxy

ACCOUNT = "/admin/account"


def set_up_token(proxy: Proxy) -> str | None:
    with database_of(proxy) as database:
        return SetUpLink(database, SecretBox.open(proxy.config.storage.directory, {})).offer()


async def test_without_an_account_every_page_leads_to_the_set_up(start_proxy: StartProxy) -> None:
    browser = Browser(await start_proxy())
    for path in ("/admin", "/admin/", ACCOUNT, "/admin/nowhere", "/admin/sign-in"):
        page = await browser.get(path)
        while page.status == 303:
            page = await browser.follow(page)
        assert (page.path, page.status) == ("/admin/set-up", 403), path
    assert "the server’s output" in page.words


async def test_the_link_makes_the_first_account_and_signs_in(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser = Browser(proxy)
    token = set_up_token(proxy)
    fields = {"token": token or "", "name": "ada", "password": PASSWORD, "again": PASSWORD}

    page = await browser.submit("/admin/set-up", fields, form_on=f"/admin/set-up?token={token}")

    assert (page.status, page.location) == (303, "/admin/")
    assert "ada" in (await browser.get(ACCOUNT)).words
    assert set_up_token(proxy) is None


async def test_the_link_is_the_same_until_it_was_used_and_of_no_use_then(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    token = set_up_token(proxy)
    assert token == set_up_token(proxy)
    add_account(proxy)

    browser = Browser(proxy)
    page = await browser.get(f"/admin/set-up?token={token}")
    assert (page.status, page.location) == (303, "/admin/sign-in")
    fields = {"token": token or "", "name": "eve", "password": PASSWORD, "again": PASSWORD}
    refused = await browser.submit("/admin/set-up", fields, form_on="/admin/sign-in")
    assert refused.status == 403


@pytest.mark.parametrize("token", ["", "wrong", "\N{SNOWMAN}"])
async def test_a_wrong_link_shows_no_form_and_takes_none(token: str, start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    set_up_token(proxy)
    fields = {"token": token, "name": "eve", "password": PASSWORD, "again": PASSWORD}
    page = await Browser(proxy).submit("/admin/set-up", fields)
    assert page.status == 403
    assert 'name="password"' not in page.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "Is missing"),
        ({"name": "a:b"}, "Is no name"),
        ({"password": "short", "again": "short"}, "Is too short"),
        ({"password": "ada", "again": "ada"}, "Is too short"),
        ({"again": "another password"}, "This is not the same password."),
        ({"password": "x" * 1025, "again": "x" * 1025}, "Is too long"),
    ],
)
async def test_what_is_wrong_is_said_beside_the_field_and_the_name_is_kept(
    fields: dict[str, str], said: str, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy()
    token = set_up_token(proxy) or ""
    given = {"token": token, "name": "ada", "password": PASSWORD, "again": PASSWORD, **fields}

    page = await Browser(proxy).submit("/admin/set-up", given, form_on=f"/admin/set-up?token={token}")

    assert page.status == 422
    assert re.search(rf'class="problem" id="{next(iter(fields))}-problem">{re.escape(said)}', page.text)
    assert f'value="{given["name"]}"' in page.text
    kept = re.findall(r'type="password" value="([^"]*)"', page.text)
    assert kept == ["", ""]


async def test_signing_in_leads_back_to_the_page_that_was_asked_for(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    add_account(proxy)
    browser = Browser(proxy)
    sign_in = await browser.get("/admin/projects?q=a&sort=size")
    assert sign_in.location == "/admin/sign-in?next=projects%3Fq%3Da%26sort%3Dsize"
    assert 'name="next" value="projects?q=a&amp;sort=size"' in (await browser.follow(sign_in)).text

    fields = {"name": NAME, "password": PASSWORD, "next": "projects?q=a&sort=size"}
    page = await browser.submit("/admin/sign-in", fields)

    assert page.location == "/admin/projects?q=a&sort=size"


@pytest.mark.parametrize(
    "place",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "..", "a/../../..", "\r\nX: y", "javascript:x"],
)
async def test_no_sign_in_leads_off_the_site(place: str, start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    add_account(proxy)
    page = await Browser(proxy).submit("/admin/sign-in", {"name": NAME, "password": PASSWORD, "next": place})
    assert (page.status, page.location) == (303, "/admin/")


async def test_a_wrong_name_and_a_wrong_password_are_answered_alike(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    add_account(proxy)
    pages = [
        await Browser(proxy).submit("/admin/sign-in", {"name": name, "password": "not the password"})
        for name in (NAME, "nobody", "")
    ]
    assert [page.status for page in pages] == [401, 401, 401]
    assert all("The name or the password is not right." in page.words for page in pages)


@pytest.mark.parametrize("name", [NAME, "nobody"])
async def test_after_ten_failures_even_the_right_password_has_to_wait(
    name: str, start_proxy: StartProxy, clock: Clock
) -> None:
    proxy = await start_proxy()
    add_account(proxy)
    browser = Browser(proxy)
    for _ in range(FREE_FAILURES):
        assert (await browser.submit("/admin/sign-in", {"name": name, "password": "a wrong one"})).status == 401

    right = {"name": NAME, "password": PASSWORD}
    page = await browser.submit("/admin/sign-in", right)
    assert (page.status, page.headers["Retry-After"]) == (429, "2")
    assert "Too many failed sign-ins. Wait 2 seconds" in page.words

    clock.advance(2)
    assert (await browser.submit("/admin/sign-in", right)).status == 303


async def test_failures_count_over_a_restart(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    add_account(proxy)
    for _ in range(FREE_FAILURES):
        await Browser(proxy).submit("/admin/sign-in", {"name": NAME, "password": "a wrong one"})
    await proxy.restart()
    page = await Browser(proxy).submit("/admin/sign-in", {"name": NAME, "password": PASSWORD})
    assert page.status == 429


async def test_the_cookie_is_for_http_alone_and_its_token_lies_nowhere(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    add_account(proxy)
    page = await Browser(proxy).submit("/admin/sign-in", {"name": NAME, "password": PASSWORD})
    (cookie,) = [each for each in page.headers.get_all("Set-Cookie") or [] if each.startswith(SESSION_COOKIE)]
    morsel = SimpleCookie(cookie)[SESSION_COOKIE]
    assert (morsel["httponly"], morsel["samesite"], morsel["secure"], morsel["path"]) == (True, "Lax", "", "")
    with database_of(proxy) as database:
        (row,) = database.all("SELECT token_hash FROM sessions", {})
    assert morsel.value.encode() not in bytes(row["token_hash"])
    assert not any(morsel.value.encode() in path.read_bytes() for path in proxy.config.storage.directory.glob("*.db*"))


@pytest.mark.parametrize(
    ("step", "steps"), [(IDLE_SECONDS + 1, 1), (IDLE_SECONDS - 1, LONGEST_SECONDS // IDLE_SECONDS + 1)]
)
async def test_a_session_ends_when_it_is_idle_and_after_a_week_at_the_latest(
    step: float, steps: float, start_proxy: StartProxy, clock: Clock
) -> None:
    browser = await signed_in(await start_proxy())
    for number in range(int(steps)):
        assert (await browser.get(ACCOUNT)).status == 200, number
        clock.advance(step)
    page = await browser.get(ACCOUNT)
    assert (page.status, page.location) == (303, "/admin/sign-in?next=account")


async def test_signing_out_ends_the_session_itself(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    stolen = dict(browser.cookies)
    await browser.submit("/admin/sign-out", form_on=ACCOUNT)
    assert SESSION_COOKIE not in browser.cookies
    browser.cookies = stolen
    assert (await browser.get(ACCOUNT)).status == 303


async def test_signing_out_everywhere_ends_all_sessions_of_the_account_and_no_others(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    one, grace = await signed_in(proxy), await signed_in(proxy, "grace")
    other = Browser(proxy)
    await other.submit("/admin/sign-in", {"name": NAME, "password": PASSWORD})

    await one.submit("/admin/sign-out", {"everywhere": "yes"}, form_on=ACCOUNT)

    assert [(await each.get(ACCOUNT)).status for each in (one, other, grace)] == [303, 303, 200]


@pytest.mark.parametrize("token", ["", "2|00000000|11111111|1", "nonsense"])
async def test_a_form_without_the_right_token_changes_nothing(token: str, start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    body = f"_xsrf={token}&everywhere=yes".encode()
    page = await browser.send("POST", "/admin/sign-out", body, {"Content-Type": "application/x-www-form-urlencoded"})
    assert page.status == 403
    assert "This form was not sent from a page of this server" in page.words
    assert (await browser.get(ACCOUNT)).status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_form_of_another_site_is_refused_though_it_has_the_token(site: str, start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    page = await browser.submit("/admin/sign-out", form_on=ACCOUNT, headers={"Sec-Fetch-Site": site})
    assert page.status == 403


async def test_a_form_of_these_pages_is_taken_from_a_browser_that_says_so(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    page = await browser.submit("/admin/sign-out", form_on=ACCOUNT, headers={"Sec-Fetch-Site": "same-origin"})
    assert page.status == 303


async def test_a_form_that_is_too_large_or_no_form_is_refused_in_words(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    large = await browser.submit("/admin/sign-out", {"x": "y" * 1_100_000}, form_on=ACCOUNT)
    assert (large.status, "larger than 1MiB (server.max_body_size)" in large.words) == (413, True)
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    page = await browser.send("POST", "/admin/sign-out", b"--x\r\nnonsense", broken)
    assert page.status in (400, 403)
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
    page = await browser.send("POST", "/admin/sign-out", part * 101 + b"--x--\r\n", broken)
    assert (page.status, "has too many parts" in page.words) == (400, True)
    assert (await browser.get(ACCOUNT)).status == 200


async def test_another_password_signs_out_everybody_else(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    other = Browser(proxy)
    await other.submit("/admin/sign-in", {"name": NAME, "password": PASSWORD})
    new = "another long password"

    page = await browser.submit(ACCOUNT, {"present": PASSWORD, "password": new, "again": new})

    assert "Your password is changed" in (await browser.follow(page)).words
    assert "Your password is changed" not in (await browser.get(ACCOUNT)).words  # said once
    assert (await other.get(ACCOUNT)).status == 303
    assert (await other.submit("/admin/sign-in", {"name": NAME, "password": PASSWORD})).status == 401
    assert (await other.submit("/admin/sign-in", {"name": NAME, "password": new})).status == 303


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [({"present": "not it at all"}, "present"), ({"password": "short"}, "password"), ({"again": "x"}, "again")],
)
async def test_a_password_is_not_changed_by_mistake(
    fields: dict[str, str], wrong: str, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    new = "another long password"
    page = await browser.submit(ACCOUNT, {"present": PASSWORD, "password": new, "again": new, **fields})
    assert page.status == 422
    assert f'id="{wrong}-problem"' in page.text
    assert (await Browser(proxy).submit("/admin/sign-in", {"name": NAME, "password": PASSWORD})).status == 303


async def test_pages_have_headers_that_keep_others_out(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    for path in (ACCOUNT, "/admin/nowhere", "/"):
        headers = (await browser.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "same-origin")
    assert (await browser.get(ACCOUNT)).headers["Cache-Control"] == "no-store"
