"""Who may use the API, and how they say who they are."""

from __future__ import annotations

import pytest

from pyproxy.storage.accounts import Role
from tests.http.admin.browser import NAME, PASSWORD, add_account, signed_in
from tests.http.api.client import Script, basic, script
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock


async def test_without_credentials_it_asks_for_a_token_or_an_account(start_proxy: StartProxy) -> None:
    answer = await Script(await start_proxy()).get("/version")

    assert (answer.status, answer.headers["Content-Type"]) == (401, "application/problem+json")
    challenges = answer.headers.get_all("WWW-Authenticate")
    assert challenges == ['Bearer realm="pyproxy"', 'Basic realm="pyproxy", charset="UTF-8"']
    assert "Authorization: Bearer" in answer.json()["detail"]


async def test_a_person_who_looks_gets_json_too_not_a_page(start_proxy: StartProxy) -> None:
    api = Script(await start_proxy())
    for path in ("/version", "/nowhere"):
        answer = await api.get(path, Accept="text/html,application/xhtml+xml")
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("role", ["admin", "viewer"])
async def test_a_token_of_an_admin_or_viewer_may_look(start_proxy: StartProxy, role: Role) -> None:
    answer = await script(await start_proxy(), role).get("/version")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_token_stands_as_the_password_of_any_user_name_too(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    token = script(proxy).headers["Authorization"].removeprefix("Bearer ")
    assert (await basic(proxy, "anybody", token).get("/version")).status == 200


async def test_an_account_may_use_its_password(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    add_account(proxy)
    assert (await basic(proxy, NAME, PASSWORD).get("/version")).status == 200
    assert (await basic(proxy, NAME, "another password").get("/version")).status == 401


async def test_a_token_that_reads_packages_may_see_nothing(start_proxy: StartProxy) -> None:
    answer = await script(await start_proxy(), "read").get("/version")
    assert (answer.status, answer.json()["title"]) == (403, "This token only reads packages")


async def test_an_expired_token_is_no_token(start_proxy: StartProxy, clock: Clock) -> None:
    answer = await script(await start_proxy(), expires_at=clock.now - 1).get("/version")
    assert answer.status == 401


async def test_a_session_of_the_pages_does_not_count(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    assert (await Script(browser.proxy).get("/version", Cookie=cookies)).status == 401


async def test_who_guesses_passwords_has_to_wait(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    for number in range(11):
        answer = await basic(proxy, NAME, f"guess number {number}").get("/version")
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 0


async def test_pages_of_other_sites_get_no_permission_to_read(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    answer = await api.get("/version", Origin="https://elsewhere.example")
    preflight = await api.send("OPTIONS", "/version", Origin="https://elsewhere.example")
    assert preflight.status == 405
    for each in (answer, preflight):
        assert not [name for name in each.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://elsewhere.example"},  # all that a browser says to a server that has no https
        {"Origin": "http://127.0.0.1:1"},  # another server of the same machine
        {"Origin": "null"},
    ],
)
async def test_what_a_browser_sends_for_another_site_changes_nothing(
    headers: dict[str, str], start_proxy: StartProxy
) -> None:
    proxy = await start_proxy()
    add_account(proxy)
    answer = await basic(proxy, NAME, PASSWORD).post("/storage/verify", **headers)

    assert (answer.status, answer.json()["title"]) == (403, "A browser sends this for the page of another site")
    assert (await script(proxy).get("/storage/verify")).status == 404


async def test_what_a_browser_sends_for_a_page_of_this_server_is_done(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    here = f"http://127.0.0.1:{proxy.port}"
    assert (await script(proxy).post("/storage/prune", {"dry_run": True}, Origin=here)).status == 200
    exact = {"Sec-Fetch-Site": "same-origin", "Origin": "https://pypi.example"}  # as behind a front that hides its name
    assert (await script(proxy).post("/storage/prune", {"dry_run": True}, **exact)).status == 200
