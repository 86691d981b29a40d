"""Upstreams over the API: seen, added, changed by several people, put in order, removed."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import msgspec
import pytest

from pyproxy.handlers.api.upstream_fields import NewUpstream, SentUpstream, Upstream
from pyproxy.settings import FIELDS, UpstreamSettings
from tests.distributions import make_wheel
from tests.http.api.client import Script, errors_of, script
from tests.http.conftest import StartProxy
from tests.http.proxy import Answer
from tests.upstream_server import UpstreamServer
from tests.waiting import until

PRIVATE = {
    "name": "private",
    "url": "https://pypi.mycompany.example/simple/",
    "username": "ci",
    "password": "s3cret-of-ci",
}
SECRETS = ("s3cret-of-ci", "s3cret-token", "s3cret-of-proxy")


async def added(api: Script, **values: object) -> Answer:
    """The answer to another upstream's being added."""
    answer = await api.post("/upstreams", {**PRIVATE, **values})
    assert answer.status == 201, answer.body
    return answer


async def order(api: Script) -> list[str]:
    return [each["name"] for each in await api.items("/upstreams")]


def field_names(kind: type[msgspec.Struct]) -> set[str]:
    return {each.name for each in msgspec.structs.fields(kind)}


def test_every_field_of_an_upstream_is_answered_and_may_be_sent() -> None:
    names = {field.name for field in FIELDS}
    assert field_names(NewUpstream) == names
    assert field_names(SentUpstream) == names - {"name"}
    assert field_names(Upstream) == names | {"index_url", "warnings"}
    assert {field.name for field in fields(UpstreamSettings)} <= names


async def test_they_are_listed_in_the_order_in_which_they_are_asked(
    start_proxy: StartProxy, upstream: UpstreamServer, other: UpstreamServer
) -> None:
    api = script(await start_proxy(upstream, other), "viewer")
    items = await api.items("/upstreams")
    assert [(each["name"], each["priority"]) for each in items] == [("first", 1), ("second", 2)]
    assert items[0]["index_url"] == f"{upstream.url}/simple/"


async def test_the_list_comes_in_pages(
    start_proxy: StartProxy, upstream: UpstreamServer, other: UpstreamServer
) -> None:
    api = script(await start_proxy(upstream, other))
    await added(api)
    found: list[str] = []
    path: str | None = "/upstreams?limit=1"
    while path is not None:
        answer = await api.get(path)
        found += [each["name"] for each in answer.json()["items"]]
        link = answer.headers["Link"]
        assert (link is None) == (answer.json()["next"] is None)
        path = None if link is None else "/upstreams" + link.partition("<")[2].partition(">")[0]
    assert found == ["first", "second", "private"]


async def test_one_is_added_with_its_defaults_and_without_its_secret(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    answer = await added(api)

    assert answer.headers["Location"] == f"{api.proxy.url}/api/v1/upstreams/private"
    settings = answer.json()
    assert (settings["password"], settings["username"], settings["token"]) == ("***", "ci", None)
    assert (settings["connect_timeout_ms"], settings["verify_ssl"], settings["on_failure"]) == (5000, True, "next")
    assert settings["warnings"]
    got = await api.get("/upstreams/private")
    assert got.json() == settings
    assert got.headers["ETag"] == answer.headers["ETag"]


async def test_the_running_server_asks_it_at_once(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    filename, content, _ = make_wheel("widget", "1.0")
    upstream.add_file("widget", filename, content)
    proxy = await start_proxy()
    before = proxy.server.services.repository
    await added(script(proxy), name="other", url=upstream.url, username=None, password=None)
    await until(lambda: proxy.server.services.repository is not before)
    assert (await proxy.page("widget"))["files"]


async def test_credentials_in_the_address_go_to_their_fields(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    url = "https://ci:s3cret-of-ci@pypi.mycompany.example/simple/"
    answer = await api.post("/upstreams", {"name": "private", "url": url})
    assert answer.json()["url"] == "https://pypi.mycompany.example/simple/"
    assert (answer.json()["username"], answer.json()["password"]) == ("ci", "***")


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"name": "a b"}, {"name"}),
        ({"url": "ftp://x"}, {"url"}),
        ({"connect_timeout_ms": 0, "on_failure": "perhaps", "projects": "all"},
         {"connect_timeout_ms", "on_failure", "projects"}),
        ({"projects": ["ok", 5]}, {"projects[1]"}),
        ({"projects": ["no name!"], "redirect_hosts": ["a/b"]}, {"projects", "redirect_hosts"}),
        ({"token": "t"}, {"token"}),
        ({"ca_bundle": "/etc/shadow"}, {"ca_bundle"}),
        ({"ca_bundle": "../secret.key"}, {"ca_bundle"}),
        ({"password": 5}, {"password"}),
        ({"verify_ssl": "no"}, {"verify_ssl"}),
    ],
)  # fmt: skip
async def test_each_wrong_value_is_named_and_nothing_is_added(
    start_proxy: StartProxy, values: dict[str, object], wrong: set[str]
) -> None:
    api = script(await start_proxy())
    answer = await api.post("/upstreams", {**PRIVATE, **values})
    assert answer.status == 422
    assert errors_of(answer).keys() == wrong
    assert await order(api) == []


async def test_a_value_in_another_form_is_refused_with_an_example_of_the_right_one(start_proxy: StartProxy) -> None:
    answer = await script(await start_proxy()).post("/upstreams", {**PRIVATE, "index_ttl": "soon"})
    assert errors_of(answer) == {"index_ttl": "is not written as it should be (write it like 5m)"}


async def test_what_is_missing_and_what_is_not_known_are_named_together(start_proxy: StartProxy) -> None:
    answer = await script(await start_proxy()).post("/upstreams", {"name": "a", "verify_tls": False})
    errors = errors_of(answer)
    assert errors["url"] == "is missing"
    assert "did you mean verify_ssl?" in errors["verify_tls"]


async def test_a_name_that_is_taken_is_a_conflict(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    await added(api)
    answer = await api.post("/upstreams", PRIVATE)
    assert (answer.status, list(errors_of(answer))) == (409, ["name"])


async def test_only_what_is_sent_changes(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    before = await added(api)
    answer = await api.patch(
        "/upstreams/private", {"index_ttl": "10m", "projects": ["mycompany-*"]}, If_Match=before.headers["ETag"]
    )
    assert answer.status == 200
    assert answer.json() == {**before.json(), "index_ttl": 600.0, "projects": ["mycompany-*"], "warnings": []}
    assert answer.headers["ETag"] != before.headers["ETag"]


async def test_what_was_got_can_be_sent_back_as_it_is(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    before = await added(api, http_proxy="http://me:s3cret-of-proxy@proxy.example:3128")
    sent = {
        key: value
        for key, value in before.json().items()
        if key not in ("name", "index_url", "warnings")
    }
    answer = await api.patch("/upstreams/private", sent, If_Match=before.headers["ETag"])
    assert (answer.status, answer.json()) == (200, before.json())
    assert answer.headers["ETag"] == before.headers["ETag"]


async def test_of_two_people_who_change_the_same_the_second_is_told(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    seen = (await added(api)).headers["ETag"]
    first = await api.patch("/upstreams/private", {"active": False}, If_Match=seen)
    second = await api.patch("/upstreams/private", {"index_ttl": "1h"}, If_Match=seen)
    removed = await api.delete("/upstreams/private", If_Match=seen)

    assert (first.status, second.status, removed.status) == (200, 412, 412)
    present = (await api.get("/upstreams/private")).json()
    assert (present["active"], present["index_ttl"]) == (False, None)


@pytest.mark.parametrize("header", [None, '""', '"other"', 'W/"{}"', ""])
async def test_a_change_needs_the_etag_of_what_was_seen(start_proxy: StartProxy, header: str | None) -> None:
    api = script(await start_proxy())
    version = (await added(api)).headers["ETag"].strip('"')
    headers = {} if header is None else {"If_Match": header.format(version)}
    for answer in (
        await api.patch("/upstreams/private", {"active": False}, **headers),
        await api.delete("/upstreams/private", **headers),
    ):
        assert answer.status == (428 if header is None else 412)
    assert (await api.get("/upstreams/private")).json()["active"] is True


@pytest.mark.parametrize("header", ["*", '"other", "{}"', "{}"])
async def test_a_star_or_one_of_several_etags_will_do(start_proxy: StartProxy, header: str) -> None:
    api = script(await start_proxy())
    version = (await added(api)).headers["ETag"].strip('"')
    answer = await api.patch("/upstreams/private", {"active": False}, If_Match=header.format(version))
    assert answer.status == 200


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://elsewhere.example/simple/"},
        {"verify_ssl": False},
        {"credential_hosts": ["https://elsewhere.example"]},
        {"http_proxy": "http://proxy.example:3128"},
    ],
)
async def test_a_secret_does_not_follow_to_another_place_unless_it_is_given_again(
    start_proxy: StartProxy, change: dict[str, object]
) -> None:
    api = script(await start_proxy())
    seen = (await added(api)).headers["ETag"]
    refused = await api.patch("/upstreams/private", change, If_Match=seen)
    assert (refused.status, list(errors_of(refused))) == (422, ["password"])
    masked = await api.patch("/upstreams/private", {**change, "password": "***"}, If_Match=seen)
    assert masked.status == 422
    given = await api.patch("/upstreams/private", {**change, "password": "s3cret-of-ci"}, If_Match=seen)
    assert given.status == 200


async def test_the_order_changes_unless_somebody_else_has_changed_it(
    start_proxy: StartProxy, upstream: UpstreamServer, other: UpstreamServer
) -> None:
    api = script(await start_proxy(upstream, other))
    await added(api)
    seen = (await api.get("/upstreams")).headers["ETag"]

    moved = await api.post("/upstreams/private/move", {"position": 1}, If_Match=seen)
    assert (moved.status, moved.json()["priority"]) == (200, 1)
    late = await api.post("/upstreams/second/move", {"position": 1}, If_Match=seen)
    assert late.status == 412
    assert await order(api) == ["private", "first", "second"]
    assert (await api.post("/upstreams/private/move", {"position": 99})).json()["priority"] == 3


@pytest.mark.parametrize("position", [0, -1, 1.5, "1", None, True, 10**30])
async def test_a_place_that_is_none_is_refused(start_proxy: StartProxy, position: object) -> None:
    api = script(await start_proxy())
    await added(api)
    answer = await api.post("/upstreams/private/move", {"position": position})
    assert (answer.status, list(errors_of(answer))) == (422, ["position"])


async def test_one_is_removed(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    seen = (await added(api)).headers["ETag"]
    answer = await api.delete("/upstreams/private", If_Match=seen)
    assert (answer.status, answer.body) == (204, b"")
    assert (await api.get("/upstreams/private")).status == 404


@pytest.mark.parametrize("name", ["nowhere", "%00", "..%2f", "%ff", "a%20b", "x" * 300])
async def test_nothing_happens_to_one_that_is_not_there(start_proxy: StartProxy, name: str) -> None:
    api = script(await start_proxy())
    for answer in (
        await api.get(f"/upstreams/{name}"),
        await api.patch(f"/upstreams/{name}", {"active": False}, If_Match="*"),
        await api.delete(f"/upstreams/{name}", If_Match="*"),
        await api.post(f"/upstreams/{name}/move", {"position": 1}),
    ):
        assert answer.status == 404


async def test_a_viewer_changes_nothing(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await added(script(proxy))
    viewer = script(proxy, "viewer")
    for answer in (
        await viewer.post("/upstreams", {**PRIVATE, "name": "b"}),
        await viewer.patch("/upstreams/private", {"active": False}, If_Match="*"),
        await viewer.delete("/upstreams/private", If_Match="*"),
        await viewer.post("/upstreams/private/move", {"position": 1}),
    ):
        assert (answer.status, answer.json()["title"]) == (403, "only an admin may do this")
    assert (await viewer.get("/upstreams/private")).json()["active"] is True


async def test_each_change_is_in_the_audit_log_without_secrets(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    seen = (await added(api)).headers["ETag"]
    await api.patch("/upstreams/private", {"password": "s3cret-token", "index_ttl": "1h"}, If_Match=seen)
    await api.delete("/upstreams/private", If_Match="*")

    entries = await api.items("/audit?subject=upstream%20private")
    assert [entry["action"] for entry in entries] == ["removed", "changed", "added"]
    assert {entry["actor"]["origin"] for entry in entries} == {"api"}
    assert {entry["actor"]["address"] for entry in entries} == {"127.0.0.1"}
    changed: list[Any] = entries[1]["changes"]
    assert {"field": "password", "old": "changed", "new": "changed"} in changed
    assert {"field": "index_ttl", "old": None, "new": "1h"} in changed


async def test_no_answer_has_a_secret_in_it(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    answers = [await added(api, http_proxy="http://me:s3cret-of-proxy@proxy.example:3128")]
    answers += [
        await api.post("/upstreams", {**PRIVATE, "name": "b", "password": "s3cret-of-ci\n"}),
        await api.post("/upstreams", {**PRIVATE, "name": "b", "url": "https://ci:s3cret-of-ci@"}),
        await api.post("/upstreams", {**PRIVATE, "name": "c", "username": None, "password": None,
                                      "token": "s3cret-token"}),
        await api.patch("/upstreams/private", {"token": "s3cret-token"}, If_Match="*"),
        await api.get("/upstreams"),
        await api.get("/upstreams/private"),
        await api.get("/settings"),
        await api.get("/settings/copy"),
        await api.get("/audit"),
    ]  # fmt: skip
    for answer in answers:
        for secret in SECRETS:
            assert secret not in answer.body.decode()
            assert secret not in str(answer.headers) + answer.reason
