"""Accounts over the API."""

from __future__ import annotations

import pytest

from pyproxy.storage.accounts import AccountStore
from tests.http.admin.browser import NAME, PASSWORD, add_account, signed_in
from tests.http.administration import database_of
from tests.http.api.client import Script, basic, errors_of, script
from tests.http.conftest import StartProxy

GRACE = {"name": "grace", "password": "four words are best", "role": "viewer"}


async def names(api: Script) -> list[str]:
    return [each["name"] for each in await api.items("/accounts")]


async def test_one_is_added_and_may_do_what_its_role_says(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    added = await api.post("/accounts", GRACE)

    assert added.status == 201
    assert added.headers["Location"] == f"{api.proxy.url}/api/v1/accounts/grace"
    assert (added.json()["role"], added.json()["signed_in_at"]) == ("viewer", None)
    assert added.json()["created_at"] == "2027-01-15T08:00:00Z"
    assert (await api.get("/accounts/grace")).json() == added.json()
    grace = basic(api.proxy, "grace", "four words are best")
    assert (await grace.get("/version")).status == 200
    assert (await grace.post("/accounts", {**GRACE, "name": "b"})).status == 403


async def test_an_account_may_see_unless_it_says_otherwise(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    answer = await api.post("/accounts", {"name": "grace", "password": "four words are best"})
    assert answer.json()["role"] == "viewer"


async def test_they_come_in_pages_by_name_whatever_the_case(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    for name in ("Bob", "ada", "carol"):
        await api.post("/accounts", {**GRACE, "name": name})
    first = await api.get("/accounts?limit=2")
    assert [each["name"] for each in first.json()["items"]] == ["ada", "Bob"]
    rest = await api.get(f"/accounts?limit=2&cursor={first.json()['next']}")
    assert [each["name"] for each in rest.json()["items"]] == ["carol"]
    assert rest.json()["next"] is None
    assert rest.headers["Link"] is None


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"name": "a b"}, {"name"}),
        ({"name": ""}, {"name"}),
        ({"name": "a:b"}, {"name"}),
        ({"name": "x" * 65}, {"name"}),
        ({"password": "short"}, {"password"}),
        ({"password": "gracegrace"}, {"password"}),
        ({"password": 1234567890}, {"password"}),
        ({"role": "read"}, {"role"}),
        ({"role": "root", "name": "<b>"}, {"role", "name"}),
        ({"admin": True}, {"admin"}),
    ],
)
async def test_each_wrong_value_is_named(
    start_proxy: StartProxy, values: dict[str, object], wrong: set[str]
) -> None:
    api = script(await start_proxy())
    answer = await api.post("/accounts", {**GRACE, **values})
    assert answer.status == 422
    assert errors_of(answer).keys() == wrong
    assert await names(api) == []


async def test_a_name_that_is_taken_in_another_case_is_a_conflict(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    await api.post("/accounts", GRACE)
    answer = await api.post("/accounts", {**GRACE, "name": "Grace"})
    assert (answer.status, list(errors_of(answer))) == (409, ["name"])


async def test_another_password_ends_its_sessions(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    api = script(browser.proxy)
    answer = await api.patch(f"/accounts/{NAME}", {"password": "quite another one"})
    assert answer.status == 200
    assert (await browser.get("/admin/account")).status == 303
    assert (await basic(api.proxy, NAME, PASSWORD).get("/version")).status == 401
    assert (await basic(api.proxy, NAME, "quite another one").get("/version")).status == 200


async def test_the_role_changes_alone(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    await api.post("/accounts", GRACE)
    assert (await api.patch("/accounts/grace", {"role": "admin"})).json()["role"] == "admin"
    assert (await basic(api.proxy, "grace", "four words are best").get("/version")).status == 200
    assert (await api.patch("/accounts/grace", {})).json()["role"] == "admin"
    refused = await api.patch("/accounts/grace", {"role": "viewer", "password": "short"})
    assert refused.status == 422


async def test_the_last_admin_stays_one(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    add_account(proxy)
    api = script(proxy)
    for answer in (await api.patch(f"/accounts/{NAME}", {"role": "viewer"}), await api.delete(f"/accounts/{NAME}")):
        assert (answer.status, "last account that may change" in answer.json()["title"]) == (409, True)
    with database_of(proxy) as database:
        account = AccountStore(database).find(NAME)
    assert account is not None
    assert account.role == "admin"


async def test_one_is_removed_with_its_sessions(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    add_account(proxy)
    browser = await signed_in(proxy, "grace", "viewer")
    api = script(proxy)
    assert (await api.delete("/accounts/grace")).status == 204
    assert (await browser.get("/admin/account")).status == 303
    assert (await api.get("/accounts/grace")).status == 404


async def test_one_is_signed_out_everywhere_and_may_sign_in_again(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    api = script(browser.proxy)
    assert (await api.delete(f"/accounts/{NAME}/sessions")).status == 204
    assert (await browser.get("/admin/account")).status == 303
    assert (await basic(api.proxy, NAME, PASSWORD).get("/version")).status == 200


@pytest.mark.parametrize("name", ["nobody", "a%20b", "..%2F..", "%3Cb%3E", "x" * 500])
async def test_nothing_happens_to_one_that_is_not_there(start_proxy: StartProxy, name: str) -> None:
    api = script(await start_proxy())
    for answer in (
        await api.get(f"/accounts/{name}"),
        await api.patch(f"/accounts/{name}", {"role": "viewer"}),
        await api.delete(f"/accounts/{name}"),
        await api.delete(f"/accounts/{name}/sessions"),
    ):
        assert answer.status == 404


async def test_a_viewer_sees_them_and_changes_none(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await script(proxy).post("/accounts", GRACE)
    viewer = script(proxy, "viewer")
    assert await names(viewer) == ["grace"]
    for answer in (
        await viewer.post("/accounts", {**GRACE, "name": "b"}),
        await viewer.patch("/accounts/grace", {"role": "admin"}),
        await viewer.delete("/accounts/grace"),
        await viewer.delete("/accounts/grace/sessions"),
    ):
        assert answer.status == 403
    assert (await viewer.get("/accounts/grace")).json()["role"] == "viewer"


async def test_each_change_is_in_the_audit_log_without_passwords(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    answers = [
        await api.post("/accounts", GRACE),
        await api.patch("/accounts/grace", {"role": "admin", "password": "quite another one"}),
        await api.delete("/accounts/grace/sessions"),
        await api.post("/accounts", {**GRACE, "name": "b", "role": "admin"}),
        await api.delete("/accounts/GRACE"),
    ]
    log = await api.get("/audit?subject=account%20grace")
    entries = log.json()["items"]
    assert [(each["action"], each["actor"]["name"], each["actor"]["origin"]) for each in entries] == [
        (action, "token admin-0", "api") for action in ("removed", "signed out", "changed", "changed", "added")
    ]
    assert {"field": "role", "old": "viewer", "new": "admin"} in entries[3]["changes"]
    for answer in (*answers, log, await api.get("/accounts")):
        for secret in ("four words are best", "quite another one", "$argon2"):
            assert secret not in answer.body.decode()
