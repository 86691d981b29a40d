"""The cookie of a session: where it is sent, and what a new one does to the old."""

from __future__ import annotations

import ipaddress
from http.cookies import SimpleCookie

import pytest

from pyproxy.config.model import ServerConfig
from pyproxy.handlers.admin.base import SESSION_COOKIE
from tests.http.admin.browser import NAME, PASSWORD, Browser, Page, add_account, signed_in
from tests.http.administration import database_of
from tests.http.conftest import StartProxy

PUBLIC = "https://pypi.example.org/team/"
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


def is_secure(page: Page) -> bool:
    (line,) = [line for line in page.headers.get_all("Set-Cookie") or [] if line.startswith(SESSION_COOKIE)]
    return bool(SimpleCookie(line)[SESSION_COOKIE]["secure"])


@pytest.mark.parametrize(
    ("server", "headers", "secure"),
    [
        ({}, {}, False),
        # Past the front: a browser would not keep a secure cookie, and sign in again and again.
        ({"public_url": PUBLIC}, {}, False),
        ({"public_url": PUBLIC}, {"Host": "pypi.example.org"}, True),
        ({"public_url": "http://pypi.example.org"}, {"Host": "pypi.example.org"}, False),
        ({"trusted_proxies": LOOPBACK}, {"X-Forwarded-Proto": "https"}, True),
        ({"trusted_proxies": LOOPBACK, "public_url": PUBLIC}, {"X-Forwarded-Proto": "https"}, True),
        ({}, {"X-Forwarded-Proto": "https"}, False),
    ],
)
async def test_the_cookie_is_for_https_alone_where_the_visitor_has_come_by_https(
    server: dict[str, object], headers: dict[str, str], secure: bool, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(server=ServerConfig(port=0, **server))  # type: ignore[arg-type]
    add_account(proxy)
    page = await Browser(proxy).submit("/admin/sign-in", {"name": NAME, "password": PASSWORD}, headers=headers)
    assert page.status == 303
    assert is_secure(page) is secure


async def test_signing_in_anew_ends_the_session_that_the_browser_had(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    old = dict(browser.cookies)
    await browser.submit("/admin/sign-in", {"name": NAME, "password": PASSWORD}, form_on="/admin/account")
    assert browser.cookies[SESSION_COOKIE] != old[SESSION_COOKIE]
    assert (await browser.get("/admin/account")).status == 200
    browser.cookies = old
    assert (await browser.get("/admin/account")).status == 303


async def test_a_cookie_that_somebody_made_up_is_not_taken_over(start_proxy: StartProxy) -> None:
    """A session is known by a token that only this server made (session fixation)."""
    proxy = await start_proxy()
    add_account(proxy)
    browser = Browser(proxy, {SESSION_COOKIE: "made-up"})
    await browser.submit("/admin/sign-in", {"name": NAME, "password": PASSWORD})
    assert browser.cookies[SESSION_COOKIE] != "made-up"
    with database_of(proxy) as database:
        assert len(database.all("SELECT 1 FROM sessions", {})) == 1


async def test_sessions_that_have_expired_are_not_listed(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await signed_in(proxy)
    proxy.clock.advance(13 * 3600)  # type: ignore[attr-defined]
    browser = Browser(proxy)
    await browser.submit("/admin/sign-in", {"name": NAME, "password": PASSWORD})
    with database_of(proxy) as database:  # one that the sweep at the sign-in has not seen
        sql = "INSERT INTO sessions SELECT x'00', account_id, began_at, 0, 'an old address', '', NULL FROM sessions"
        database.write_now(lambda connection: connection.execute(sql))
    assert "an old address" not in (await browser.get("/admin/account")).text


async def test_a_large_form_after_the_end_of_the_session_leads_to_the_sign_in(start_proxy: StartProxy) -> None:
    """Not to a connection that was cut off."""
    proxy = await start_proxy()
    add_account(proxy)
    body = b"x" * 3_000_000
    page = await Browser(proxy).send(
        "POST", "/admin/account", body, {"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert (page.status, page.location) == (303, "/admin/sign-in")
