"""Documents of the legacy JSON API cost their work once, beside the event loop, and are counted."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.http.administration import database_of
from tests.http.conftest import StartProxy
from tests.http.legacy_documents import document, entry, publish_with_document
from tests.http.proxy import Clock
from tests.upstream_server import Status, UpstreamServer

DOCUMENT = "/pypi/demo/json"
FILES = 3000


def publish_big(upstream: UpstreamServer) -> None:
    """A project of thousands of releases, with a document of megabytes."""
    names = [(f"1.{number}", f"demo-1.{number}.tar.gz", str(number).encode()) for number in range(FILES)]
    files = [
        {
            "filename": filename,
            "url": f"{upstream.url}/packages/{filename}",
            "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
            "size": len(content),
        }
        for _, filename, content in names
    ]
    page = {"meta": {"api-version": "1.1"}, "name": "demo", "versions": [each[0] for each in names], "files": files}
    upstream.set_page("demo", json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json")
    releases: dict[str, list[Any]] = {
        version: [entry(f"{upstream.url}/packages/{filename}", filename, content)]
        for version, filename, content in names
    }
    upstream.set_json("demo", document("demo", f"1.{FILES - 1}", releases))


async def test_a_big_document_is_worked_on_in_another_process_and_once(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """(pain 16)"""
    publish_big(upstream)
    proxy = await start_proxy(upstream, index_ttl=300.0)

    first = await proxy.get(DOCUMENT)
    runs = dict(proxy.server.resources.workshop.runs)
    clock.advance(300)
    second = await proxy.get(DOCUMENT)

    assert len(first.json()["releases"]) == FILES
    assert first.json()["urls"][0]["md5_digest"] is not None
    assert runs["prepare_document", "process"] == runs["render_stored", "process"] == 1
    assert second.body == first.body
    assert dict(proxy.server.resources.workshop.runs) == runs  # confirmed by a 304, and not written again


async def test_a_warm_document_costs_no_work(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish_with_document(upstream, "demo", "1.0", "2.0")
    proxy = await start_proxy(upstream)
    paths = (DOCUMENT, "/pypi/demo/1.0/json", "/pypi/demo/2.0/json")
    cold = [(await proxy.get(path)).body for path in paths]
    runs = dict(proxy.server.resources.workshop.runs)

    warm = [(await proxy.get(path)).body for path in paths]

    assert warm == cold
    assert dict(proxy.server.resources.workshop.runs) == runs


async def test_requests_for_documents_are_counted(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish_with_document(upstream, "demo", "1.0")
    publish_with_document(upstream, "other", "1.0")
    upstream.behave("/pypi/other/", Status(503))
    proxy = await start_proxy(upstream)
    await proxy.get(DOCUMENT)
    await proxy.get("/pypi/other/json")

    metrics = (await proxy.get("/metrics")).body.decode().splitlines()

    asked = [line for line in metrics if line.startswith("pyproxy_upstream_requests_total") and 'route="json"' in line]
    assert sorted(line.partition('result="')[2].partition('"')[0] for line in asked) == ["failed", "found"]
    assert any(line.startswith("pyproxy_requests_total") and 'route="json"' in line for line in metrics)


async def test_a_document_that_cannot_be_stored_is_served_all_the_same(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(F34)"""
    publish_with_document(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.get("/simple/demo/")
    with database_of(proxy) as database:
        database.write_now(lambda connection: connection.execute("ALTER TABLE json_bodies RENAME TO away"))

        answers = [await proxy.get(DOCUMENT) for _ in range(2)]

        assert [answer.json()["info"]["summary"] for answer in answers] == ["What demo 1.0 is"] * 2
        assert upstream.count("/pypi/") == 1
        database.write_now(lambda connection: connection.execute("ALTER TABLE away RENAME TO json_bodies"))


async def test_a_document_that_another_process_removes_is_asked_for_again(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish_with_document(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.get(DOCUMENT)

    with database_of(proxy) as database:
        database.write_now(lambda connection: connection.execute("DELETE FROM json_documents"))

    assert (await proxy.get(DOCUMENT)).cache_status == "pyproxy; fwd=miss"
    assert upstream.count("/pypi/") == 2
