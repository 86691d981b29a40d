"""Requests that are answered alike at every address: methods, paths, queries."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from pyproxy.handlers.api.operations import TABLE
from tests.http.api.client import Script, errors_of, script
from tests.http.conftest import StartProxy


@pytest.mark.parametrize("path", ["", "/", "/nowhere", "/version/", "/version/x", "/%00", "/%ff", "//version"])
async def test_where_nothing_is_it_says_so_and_where_the_description_is(start_proxy: StartProxy, path: str) -> None:
    answer = await script(await start_proxy()).get(path)
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert "/api/v1/openapi.json" in answer.json()["detail"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
async def test_another_method_is_refused_with_those_that_there_are(start_proxy: StartProxy, method: str) -> None:
    answer = await script(await start_proxy()).send(method, "/version")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert answer.json()["detail"] == "Possible: GET, HEAD."


async def test_head_is_get_without_the_body(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    got, headed = await api.get("/settings"), await api.send("HEAD", "/settings")
    assert (headed.status, headed.body) == (200, b"")
    for name in ("Content-Type", "Content-Length", "Cache-Control"):
        assert headed.headers[name] == got.headers[name]


async def test_a_query_that_is_not_known_is_refused_with_what_was_meant(start_proxy: StartProxy) -> None:
    answer = await script(await start_proxy()).get("/audit?limt=5")
    assert answer.status == 422
    assert errors_of(answer) == {"limt": "is not known here (did you mean limit?)"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("limit=1&limit=2", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=" + "9" * 30, "cursor"),
        ("cursor=%C2%B2", "cursor"),
        ("actor=%ff", "actor"),
        ("actor=a%00b", "actor"),
        ("actor=" + "a" * 201, "actor"),
    ],
)
async def test_each_wrong_value_of_a_query_is_named(start_proxy: StartProxy, query: str, field: str) -> None:
    answer = await script(await start_proxy()).get(f"/audit?{query}")
    assert answer.status == 422
    assert list(errors_of(answer)) == [field]


async def test_several_wrong_values_are_named_at_once(start_proxy: StartProxy) -> None:
    answer = await script(await start_proxy()).get("/audit?limit=0&acter=ada")
    assert set(errors_of(answer)) == {"limit", "acter"}


async def test_hostile_text_in_an_address_comes_back_harmlessly(start_proxy: StartProxy) -> None:
    hostile = "<script>alert(1)</script>\r\nSet-Cookie: a=b‮"
    answer = await script(await start_proxy()).get(f"/audit?{quote(hostile)}=1")
    assert answer.status == 422
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Set-Cookie"] is None
    assert "<" not in answer.reason


async def test_no_two_operations_share_a_name_or_an_address(start_proxy: StartProxy) -> None:
    names = [each.name for each in TABLE.operations]
    places = [(each.method, each.path) for each in TABLE.operations]
    assert len(set(names)) == len(names)
    assert len(set(places)) == len(places)


async def test_the_description_needs_no_credentials_and_names_the_address_it_was_asked_at(
    start_proxy: StartProxy,
) -> None:
    proxy = await start_proxy()
    answer = await Script(proxy).get("/openapi.json")
    assert answer.status == 200
    assert answer.json()["servers"] == [{"url": f"{proxy.url}/api/v1"}]
