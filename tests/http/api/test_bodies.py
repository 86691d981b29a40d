"""What may be sent as the body of a request, and what happens to what may not."""

from __future__ import annotations

import pytest

from tests.http.api.client import errors_of, script
from tests.http.calls import ask
from tests.http.conftest import StartProxy

JSON = "application/json"


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
async def test_a_body_that_is_not_sent_as_json_is_refused(start_proxy: StartProxy, content_type: str) -> None:
    answer = await script(await start_proxy()).post("/upstreams", b"{}", Content_Type=content_type)
    assert (answer.status, answer.headers["Content-Type"]) == (415, "application/problem+json")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
async def test_parameters_and_case_of_the_type_do_not_matter(start_proxy: StartProxy, content_type: str) -> None:
    answer = await script(await start_proxy()).post("/upstreams", b"{}", Content_Type=content_type)
    assert answer.status == 422


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"name": "a",\n "url": }', "Expecting value in line 2, column 9"),
        (b'{"name": "a"', "line 1, column 13"),
        (b'{"\xff": 1}', "UTF-8"),
        (b'{"name": NaN}', "invalid"),
        (b'{"name": "\\ud800"}', "truncated"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"priority": 1e999}', "out of range"),
        (b'{"priority": ' + b"9" * 10_000 + b"}", "out of range"),
        (b" ", "Expecting value"),
    ],
)
async def test_a_body_that_is_no_json_is_refused_with_the_place(
    start_proxy: StartProxy, body: bytes, said: str
) -> None:
    answer = await script(await start_proxy()).post("/upstreams", body, Content_Type=JSON)
    assert answer.status == 400
    assert said in answer.json()["title"]


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"5"])
async def test_a_body_that_is_no_object_is_refused(start_proxy: StartProxy, body: bytes) -> None:
    answer = await script(await start_proxy()).post("/upstreams", body, Content_Type=JSON)
    assert (answer.status, answer.json()["title"]) == (422, "The body has to be a JSON object")


async def test_without_a_body_everything_is_missing(start_proxy: StartProxy) -> None:
    answer = await script(await start_proxy()).post("/upstreams")
    assert answer.status == 422
    assert errors_of(answer) == {"name": "is missing", "url": "is missing"}


async def test_a_body_that_is_too_large_is_read_to_its_end_and_refused(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    body = b'{"name": "' + b"a" * 1024 * 1024 + b'"}'
    answer = await api.post("/upstreams", body, Content_Type=JSON)
    assert answer.status == 413
    assert answer.json()["title"] == "The body of the request is larger than 1MiB (server.max_body_size)"
    assert (await api.post("/upstreams", body[:100], Content_Type=JSON)).status == 400


async def test_where_no_body_is_wanted_what_is_in_one_was_meant_for_another_operation(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    answer = await api.send("DELETE", "/upstreams/nowhere", {"force": True}, If_Match="*")
    assert (answer.status, errors_of(answer)) == (422, {"force": "is not known here (known here: nothing)"})
    assert (await api.send("DELETE", "/upstreams/nowhere", {}, If_Match="*")).status == 404


async def test_a_whole_number_may_be_written_with_a_point(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    answer = await api.post("/upstreams", b'{"name": "a", "url": "https://a.example/", "connect_timeout_ms": 5e3}',
                            Content_Type=JSON)  # fmt: skip
    assert answer.json()["connect_timeout_ms"] == 5000


async def test_texts_with_nul_are_refused(start_proxy: StartProxy) -> None:
    answer = await script(await start_proxy()).post("/upstreams", {"name": "a\0", "url": "https://a.example/\0"})
    assert answer.status == 422
    assert {"name", "url"} <= errors_of(answer).keys()


async def test_a_browser_does_not_carry_a_password_for_another_site(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 422), ("none", 422)):
        answer = await api.post("/upstreams", {}, Sec_Fetch_Site=site)
        assert answer.status == status, site


async def test_credentials_are_looked_at_before_the_body(start_proxy: StartProxy) -> None:
    headers = {"Content-Type": "text/plain", "Content-Length": "0"}
    answer = await ask(await start_proxy(), "/api/v1/upstreams", headers, method="POST")
    assert answer.status == 401
