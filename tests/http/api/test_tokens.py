"""Tokens over the API."""

from __future__ import annotations

import pytest

from pyproxy.admin.accounts.random_tokens import API_PREFIX
from tests.http.api.client import Script, errors_of, script
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock

CI = {"name": "ci", "role": "viewer", "expires_in": "90d"}


async def test_a_new_one_is_shown_once_and_works(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    made = await api.post("/tokens", CI)

    assert made.status == 201
    assert made.headers["Location"] == f"{api.proxy.url}/api/v1/tokens/ci"
    told = made.json()
    text = told.pop("token")
    assert text.startswith(API_PREFIX)
    assert (told["created_by"], told["expires_at"]) == ("token admin-0", "2027-04-15T08:00:00Z")
    assert (await Script(api.proxy, {"Authorization": f"Bearer {text}"}).get("/version")).status == 200
    for answer in (await api.get("/tokens/ci"), await api.get("/tokens"), await api.get("/audit")):
        assert answer.status == 200
        assert text not in answer.body.decode()
        assert text[-20:] not in answer.body.decode()


async def test_one_for_installers_may_not_use_the_api(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    text = (await api.post("/tokens", {"name": "ci", "role": "read"})).json()["token"]
    assert (await Script(api.proxy, {"Authorization": f"Bearer {text}"}).get("/version")).status == 403


async def test_one_without_an_end_is_good_for_ever_and_others_until_then(
    start_proxy: StartProxy, clock: Clock
) -> None:
    api = script(await start_proxy())
    ever = (await api.post("/tokens", {"name": "ever", "role": "viewer", "expires_in": None})).json()
    hour = (await api.post("/tokens", {"name": "hour", "role": "viewer", "expires_in": "1h"})).json()
    assert (ever["expires_at"], hour["expires_at"]) == (None, "2027-01-15T09:00:00Z")
    clock.advance(3600)
    for token, status in ((ever, 200), (hour, 401)):
        answer = await Script(api.proxy, {"Authorization": f"Bearer {token['token']}"}).get("/version")
        assert answer.status == status


async def test_one_tells_when_it_was_used_last(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    text = (await api.post("/tokens", CI)).json()["token"]
    assert (await api.get("/tokens/ci")).json()["used_at"] is None
    await Script(api.proxy, {"Authorization": f"Bearer {text}"}).get("/version")
    await api.proxy.restart()
    assert (await api.get("/tokens/CI")).json()["used_at"] == "2027-01-15T08:00:00Z"


async def test_a_revoked_one_is_of_no_use_at_once(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    text = (await api.post("/tokens", CI)).json()["token"]
    own = Script(api.proxy, {"Authorization": f"Bearer {text}"})
    assert (await own.get("/version")).status == 200
    assert (await api.delete("/tokens/ci")).status == 204
    assert (await own.get("/version")).status == 401
    assert (await api.get("/tokens/ci")).status == 404


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"name": ""}, {"name"}),
        ({"name": "a b"}, {"name"}),
        ({"role": "root"}, {"role"}),
        ({"role": None}, {"role"}),
        ({"expires_in": "0d"}, {"expires_in"}),
        ({"expires_in": "soon"}, {"expires_in"}),
        ({"expires_in": 90}, {"expires_in"}),
        ({"expires_in": "-1d"}, {"expires_in"}),
        ({"expires": "90d"}, {"expires"}),
    ],
)
async def test_each_wrong_value_is_named(start_proxy: StartProxy, values: dict[str, object], wrong: set[str]) -> None:
    api = script(await start_proxy())
    answer = await api.post("/tokens", {**CI, **values})
    assert answer.status == 422
    assert errors_of(answer).keys() == wrong
    assert [each["name"] for each in await api.items("/tokens")] == ["admin-0"]


async def test_a_role_has_to_be_given(start_proxy: StartProxy) -> None:
    answer = await script(await start_proxy()).post("/tokens", {"name": "ci"})
    assert errors_of(answer) == {"role": "is missing"}


async def test_a_name_that_is_taken_is_a_conflict(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    await api.post("/tokens", CI)
    answer = await api.post("/tokens", {**CI, "name": "CI"})
    assert (answer.status, list(errors_of(answer))) == (409, ["name"])
    assert "token" not in answer.json()


async def test_a_viewer_sees_them_and_makes_none(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    viewer = script(proxy, "viewer")
    assert (await viewer.get("/tokens")).status == 200
    assert (await viewer.post("/tokens", CI)).status == 403
    assert (await viewer.delete("/tokens/viewer-0")).status == 403


async def test_making_and_revoking_are_in_the_audit_log(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    await api.post("/tokens", CI)
    await api.delete("/tokens/ci")
    assert (await api.delete("/tokens/ci")).status == 404
    entries = await api.items("/audit?subject=token%20ci")
    assert [(each["action"], each["actor"]["name"]) for each in entries] == [
        ("revoked", "token admin-0"),
        ("added", "token admin-0"),
    ]
    assert {"field": "role", "old": None, "new": "viewer"} in entries[1]["changes"]
