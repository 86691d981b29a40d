"""Tests of upstreams over the API, and what is known of an upstream beside its settings."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.distributions import make_wheel
from tests.http.api.client import errors_of, script
from tests.http.calls import calling
from tests.http.conftest import StartProxy
from tests.http.proxy import JSON, Answer, Proxy
from tests.upstream.certificates import Authority
from tests.upstream_server import Hold, SilentListener, Status, UpstreamServer
from tests.waiting import until

NDJSON = "application/x-ndjson"


async def with_demo(start_proxy: StartProxy, upstream: UpstreamServer) -> Proxy:
    upstream.add_file("demo", *make_wheel("demo", "1.0")[:2])
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    return proxy


def walks() -> int:
    """Tests of upstreams that are under way in this process."""
    names = (getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks())
    return sum(name.startswith("watched.") for name in names)


def lines(answer: Answer) -> list[Any]:
    assert (answer.status, answer.headers["Content-Type"]) == (200, NDJSON), answer.body
    return [json.loads(line) for line in answer.body.splitlines()]


async def test_a_big_page_is_read_in_another_process(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    """Requests for packages go on meanwhile (pain 16)."""
    files = [
        {"filename": f"demo-1.{n}.tar.gz", "url": f"/packages/demo-1.{n}.tar.gz", "hashes": {"sha256": f"{n:064x}"}}
        for n in range(5000)
    ]
    page = {"meta": {"api-version": "1.1"}, "name": "demo", "versions": [], "files": files}
    upstream.set_page("demo", json.dumps(page).encode(), JSON)
    proxy = await start_proxy(upstream)
    steps = lines(await script(proxy).post("/upstreams/first/test", {"project": "demo"}))
    (shown,) = [step["found"] for step in steps if step["name"] == "project page"]
    assert shown.startswith("demo: 5000 files")
    assert proxy.server.services.workshop.runs == {("judge", "process"): 1}


async def test_a_stored_one_is_tested_step_by_step(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    api = script(await with_demo(start_proxy, upstream))
    steps = lines(await api.post("/upstreams/first/test"))
    assert steps[0]["name"] == "settings"
    assert {step["state"] for step in steps} <= {"ok", "skipped", "warning"}
    assert all(step.keys() == {"name", "state", "seconds", "found", "advice"} for step in steps)
    assert any("demo" in step["found"] for step in steps)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/json", "application/json"),
        ("application/json, application/x-ndjson;q=0.5", "application/json"),
        ("*/*", NDJSON),
        ("application/x-ndjson, application/json", NDJSON),
        ("application/*;q=0.1", NDJSON),
        ("text/html", NDJSON),
        ("application/json;q=x", NDJSON),
    ],
)
async def test_the_steps_come_as_lines_or_as_one_array(
    start_proxy: StartProxy, upstream: UpstreamServer, accept: str, content_type: str
) -> None:
    api = script(await with_demo(start_proxy, upstream))
    answer = await api.post("/upstreams/first/test", Accept=accept)
    assert (answer.status, answer.headers["Content-Type"]) == (200, content_type)
    steps = answer.json() if content_type != NDJSON else lines(answer)
    assert steps[0]["name"] == "settings"


async def test_each_step_is_sent_when_it_has_ended(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    proxy = await with_demo(start_proxy, upstream)
    upstream.behave("/simple/", Hold(go_on := asyncio.Event()))
    headers = {**script(proxy).headers, "Content-Length": "0"}
    async with calling(proxy, "/api/v1/upstreams/first/test", headers, method="POST", version="HTTP/1.0") as call:
        assert b'"settings"' in await call.read(40)
        go_on.set()
        assert (await call.answer()).broken is None


async def test_who_goes_away_ends_the_test(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    proxy = await with_demo(start_proxy, upstream)
    upstream.behave("/simple/", hold := Hold(asyncio.Event()))
    headers = {**script(proxy).headers, "Content-Length": "0"}
    async with calling(proxy, "/api/v1/upstreams/first/test", headers, method="POST") as call:
        await hold.reached.wait()
        assert walks() == 1
        call.leave()
    await until(lambda: walks() == 0)
    hold.event.set()


async def test_what_fails_is_told_with_what_to_do(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    upstream.username, upstream.password = "ci", "s3cret"
    api = script(await start_proxy())
    wrong = {"url": upstream.url, "username": "ci", "password": "guess"}
    steps = lines(await api.post("/upstreams/test", wrong))
    assert "failed" in {step["state"] for step in steps}
    right = lines(await api.post("/upstreams/test", {**wrong, "password": "s3cret"}))
    assert "failed" not in {step["state"] for step in right}
    assert (await api.get("/upstreams")).json()["items"] == []
    assert await api.items("/audit") == []


async def test_changes_are_tried_before_they_are_made(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    """With the secret that is stored, as long as it stays with its index."""
    upstream.username, upstream.password = "ci", "s3cret"
    api = script(await start_proxy())
    settings = {"name": "a", "url": upstream.url, "username": "ci", "password": "s3cret"}
    assert (await api.post("/upstreams", settings)).status == 201
    steps = lines(await api.post("/upstreams/test", {"like": "a", "index_ttl": "1h"}))
    assert "failed" not in {step["state"] for step in steps}


async def test_a_test_takes_no_secret_elsewhere(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    listener = SilentListener()
    api = script(await start_proxy())
    settings = {"name": "a", "url": upstream.url, "username": "ci", "password": "s3cret"}
    assert (await api.post("/upstreams", settings)).status == 201
    answer = await api.post("/upstreams/test", {"like": "a", "url": f"http://127.0.0.1:{listener.port}/"})
    listener.close()
    assert (answer.status, list(errors_of(answer))) == (422, ["password"])


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"url": "ftp://x"}, ["url"]),
        ({}, ["url"]),
        ({"url": "http://127.0.0.1:9/", "projects": ["a-*"], "project": "b"}, ["project"]),
        ({"url": "http://127.0.0.1:9/", "project": "no name"}, ["project"]),
        ({"urll": "http://127.0.0.1:9/"}, ["urll"]),
    ],
)
async def test_wrong_settings_are_refused_before_anybody_is_asked(
    start_proxy: StartProxy, body: dict[str, object], wrong: list[str]
) -> None:
    answer = await script(await start_proxy()).post("/upstreams/test", body)
    assert answer.status == 422
    assert list(errors_of(answer)) == wrong


async def test_one_that_is_not_there_is_not_tested(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    assert (await api.post("/upstreams/nowhere/test")).status == 404
    assert (await api.post("/upstreams/test", {"like": "nowhere"})).status == 404


async def test_one_may_be_called_test(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    api = script(await start_proxy())
    assert (await api.post("/upstreams", {"name": "test", "url": upstream.url})).status == 201
    assert (await api.get("/upstreams/test")).json()["name"] == "test"
    assert lines(await api.post("/upstreams/test/test"))[0]["name"] == "settings"
    assert (await api.delete("/upstreams/test", If_Match="*")).status == 204


async def test_a_viewer_makes_the_server_ask_nobody(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    proxy = await with_demo(start_proxy, upstream)
    viewer = script(proxy, "viewer")
    assert (await viewer.post("/upstreams/first/test")).status == 403
    assert (await viewer.post("/upstreams/test", {"url": upstream.url})).status == 403


async def test_it_is_told_what_is_kept_and_what_went_wrong(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    proxy = await with_demo(start_proxy, upstream)
    upstream.behave("/simple/broken/", Status(503))
    await proxy.get("/simple/broken/")
    await proxy.server.records.flush()
    told = (await script(proxy, "viewer").get("/upstreams/first/report")).json()
    assert (told["totals"]["pages"], told["projects"]) == (1, ["demo"])
    assert [(each["project"], each["over_at"]) for each in told["failures"]] == [("broken", None)]


async def test_it_is_told_what_a_removal_would_mean(
    start_proxy: StartProxy, upstream: UpstreamServer, other: UpstreamServer
) -> None:
    upstream.add_file("demo", *make_wheel("demo", "1.0")[:2])
    proxy = await start_proxy(upstream, other)
    await proxy.page("demo")
    api = script(proxy)
    await api.patch("/upstreams/first", {"projects": ["demo", "mycompany-*"]}, If_Match="*")
    told = (await script(proxy, "viewer").get("/upstreams/first/removal")).json()
    assert told["instead"] == [{"project": "demo", "upstream": "second"}]
    assert (told["others"], told["released"]) == (["second"], ["demo", "mycompany-*"])
    assert (await api.get("/upstreams/first")).status == 200
    assert (await api.get("/upstreams/nowhere/removal")).status == 404


async def test_a_certificate_is_kept_and_named_by_an_upstream(start_proxy: StartProxy, tmp_path: Path) -> None:
    api = script(await start_proxy())
    content = Authority(tmp_path).certificate.read_text()
    kept = (await api.post("/certificates", {"kind": "ca_bundle", "content": content, "upstream": "a"})).json()
    assert kept["kind"] == "ca_bundle"
    listed = await api.items("/certificates")
    assert [each["name"] for each in listed] == [kept["name"]]
    assert "ca_bundle" in listed[0]["kinds"]

    settings = {"name": "a", "url": "https://a.example/", "ca_bundle": kept["name"]}
    added = await api.post("/upstreams", settings)
    assert (added.status, added.json()["ca_bundle"]) == (201, kept["name"])
    assert [each["action"] for each in await api.items("/audit?subject=certificate")] == ["uploaded"]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"kind": "ca_bundle", "content": "no certificate"}, ["content"]),
        ({"kind": "client_key", "content": ""}, ["content"]),
        ({"kind": "anything", "content": ""}, ["kind"]),
        ({"kind": "ca_bundle", "content": "x" * 500_000}, ["content"]),
        ({"kind": "ca_bundle", "content": "", "upstream": "../a"}, ["upstream"]),
    ],
)
async def test_what_is_no_certificate_is_not_kept(
    start_proxy: StartProxy, body: dict[str, object], wrong: list[str]
) -> None:
    api = script(await start_proxy())
    answer = await api.post("/certificates", body)
    assert (answer.status, list(errors_of(answer))) == (422, wrong)
    assert await api.items("/certificates") == []
    assert (await script(api.proxy, "viewer").post("/certificates", body)).status == 403
