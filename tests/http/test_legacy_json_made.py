"""``/pypi/<project>/json`` made here, from the project page and the release's own metadata."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from pyproxy.settings import UpstreamSettings
from tests.distributions import make_sdist, make_wheel
from tests.http.calls import idle
from tests.http.conftest import StartProxy
from tests.http.legacy_documents import document, publish_with_document
from tests.http.proxy import Clock
from tests.http.publishing import publish
from tests.upstream_server import Behaviour, Mislabel, Portal, Raw, Redirect, Silence, Status, UpstreamServer

DOCUMENT, RELEASE = "/pypi/demo/json", "/pypi/demo/1.0/json"
METADATA = "Summary: A demonstration\nRequires-Dist: other>=1\nRequires-Python: >=3.8\nKeywords: a,b\n"


async def test_info_comes_from_the_metadata_beside_the_newest_wheel(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 37)"""
    filename, content, metadata = make_wheel("demo", "2.0", metadata_extra=METADATA)
    upstream.add_file("demo", filename, content, metadata=metadata, upload_time="2023-01-02T03:04:05.6Z")
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)

    answer = await proxy.get(DOCUMENT)

    told = answer.json()
    info = {key: told["info"][key] for key in ("name", "version", "summary", "requires_dist", "keywords", "author")}
    assert info == {
        "name": "demo",
        "version": "2.0",
        "summary": "A demonstration",
        "requires_dist": ["other>=1"],
        "keywords": "a,b",
        "author": None,
    }
    sha256 = hashlib.sha256(content).hexdigest()
    assert told["urls"] == [
        {
            "comment_text": None,
            "core-metadata": {"sha256": hashlib.sha256(metadata).hexdigest()},
            "digests": {"sha256": sha256},
            "downloads": -1,
            "filename": filename,
            "has_sig": False,
            "md5_digest": None,
            "packagetype": "bdist_wheel",
            "python_version": "py3",
            "requires_python": None,
            "size": len(content),
            "upload_time": "2023-01-02T03:04:05",
            "upload_time_iso_8601": "2023-01-02T03:04:05.6Z",
            "url": f"{proxy.url}/files/demo/{sha256}/{filename}",
            "yanked": False,
            "yanked_reason": None,
        }
    ]
    assert list(told["releases"]) == ["1.0", "2.0"]
    assert (told["vulnerabilities"], told["last_serial"]) == ([], None)
    assert answer.cache_status == "pyproxy; fwd=miss; detail=made"
    assert upstream.count("/packages/") == 1  # the metadata, and no file


async def test_it_is_about_the_newest_release_that_is_not_yanked(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    for version, yanked in (("1.0", False), ("1.1", False), ("2.0rc1", False), ("3.0", "broken")):
        filename, content, metadata = make_wheel("demo", version)
        upstream.add_file("demo", filename, content, metadata=metadata, yanked=yanked)
    proxy = await start_proxy(upstream)

    assert (await proxy.get(DOCUMENT)).json()["info"]["version"] == "1.1"
    assert (await proxy.get("/pypi/demo/3.0/json")).json()["info"]["yanked_reason"] == "broken"


async def test_known_to_require_nothing_is_not_the_same_as_unknown(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Poetry looks into the file where it reads ``null``."""
    filename, content, metadata = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content, metadata=metadata)
    filename, content, _ = make_wheel("demo", "2.0")
    upstream.add_file("demo", filename, content)
    proxy = await start_proxy(upstream, extract_metadata=False)

    assert (await proxy.get(RELEASE)).json()["info"]["requires_dist"] == []
    assert (await proxy.get("/pypi/demo/2.0/json")).json()["info"]["requires_dist"] is None


async def test_without_a_metadata_file_it_comes_out_of_the_end_of_a_wheel(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    filename, content, _ = make_wheel("demo", "1.0", metadata_extra=METADATA, size=100_000)
    upstream.add_file("demo", filename, content)
    proxy = await start_proxy(upstream)

    told = (await proxy.get(RELEASE)).json()

    assert (told["info"]["summary"], told["info"]["requires_dist"]) == ("A demonstration", ["other>=1"])
    assert [request.headers.get("range") for request in upstream.requests if "/packages/" in request.path] == [
        f"bytes={len(content) - 32 * 1024}-{len(content) - 1}"
    ]


async def test_no_file_is_downloaded_for_it(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """From an upstream without ranges the whole wheel would come."""
    filename, content, _ = make_wheel("demo", "1.0", metadata_extra=METADATA)
    upstream.add_file("demo", filename, content, requires_python=">=3.8")
    upstream.no_ranges = True
    proxy = await start_proxy(upstream)

    told = (await proxy.get(RELEASE)).json()
    await idle(proxy)

    assert (told["info"]["summary"], told["info"]["requires_python"]) == (None, ">=3.8")
    assert proxy.kept() == []


async def test_a_wheel_that_is_here_tells_of_itself(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    filename, content, _ = make_wheel("demo", "1.0", metadata_extra=METADATA)
    upstream.add_file("demo", filename, content)
    proxy = await start_proxy(upstream, extract_metadata=False)
    assert (await proxy.get(RELEASE)).json()["info"]["summary"] is None

    await proxy.file("demo", filename)
    await idle(proxy)

    assert (await proxy.get(RELEASE)).json()["info"]["summary"] == "A demonstration"
    assert upstream.count("/packages/") == 1


async def test_a_source_distribution_that_is_here_tells_of_itself(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    filename, content = make_sdist("demo", "1.0")
    upstream.add_file("demo", filename, content)
    proxy = await start_proxy(upstream)
    await proxy.file("demo", filename)
    await idle(proxy)

    told = (await proxy.get(RELEASE)).json()

    assert told["info"]["name"] == "demo"
    assert told["info"]["requires_dist"] is None  # metadata 2.1 does not say
    assert (told["urls"][0]["packagetype"], told["urls"][0]["python_version"]) == ("sdist", "source")


PAGE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
    b"<!DOCTYPE html><title>Links for demo</title><a href='demo-1.0-py3-none-any.whl'>demo-1.0-py3-none-any.whl</a>"
)

NO_DOCUMENT: list[Behaviour] = [
    Status(404),
    Status(403),
    Status(405),
    Portal(),
    Redirect("http://example.org/login"),
    Mislabel("text/html"),
]


@pytest.mark.parametrize("answer", NO_DOCUMENT, ids=["404", "403", "405", "portal", "redirect", "html"])
async def test_what_is_no_document_is_remembered_as_long_as_a_page(
    answer: Behaviour, upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """(F31)"""
    publish_with_document(upstream, "demo", "1.0")
    upstream.behave("/pypi/", answer)
    proxy = await start_proxy(upstream, index_ttl=300.0)

    first = await proxy.get(DOCUMENT)
    clock.advance(299)
    second = await proxy.get(DOCUMENT)

    assert (first.status, first.cache_status) == (200, "pyproxy; fwd=miss; detail=made")
    assert (second.cache_status, second.headers["Cache-Control"]) == ("pyproxy; hit; detail=made", "public, max-age=1")
    assert upstream.count("/pypi/") == 1
    await proxy.get(RELEASE)
    assert upstream.count("/pypi/") == 1  # without a document of the project, none of its releases has one
    clock.advance(1)
    upstream.clear_behaviours()
    assert (await proxy.get(DOCUMENT)).cache_status == "pyproxy; fwd=miss"


async def test_an_upstream_that_still_has_none_is_asked_once_in_a_while(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """A web page in the place of a document is no failure the second time either."""
    publish(upstream, "demo", "1.0")
    upstream.behave("/pypi/", Portal())
    proxy = await start_proxy(upstream, index_ttl=300.0)
    for _ in range(3):
        assert (await proxy.get(DOCUMENT)).cache_status == "pyproxy; fwd=miss; detail=made"
        clock.advance(300)

    assert upstream.count("/pypi/") == 3


@pytest.mark.parametrize(
    "said",
    [
        {"message": "no info"},
        ["a list"],
        document("another", "1.0", {"1.0": []}),
        document("demo", "", {"": []}),
    ],
    ids=["no info", "a list", "another project", "no version"],
)
async def test_a_document_that_is_none_or_of_another_project_is_not_passed_on(
    said: object, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    upstream.set_json("demo", said)
    proxy = await start_proxy(upstream)

    answer = await proxy.get(DOCUMENT)

    assert (answer.cache_status, answer.json()["info"]["version"]) == ("pyproxy; fwd=miss; detail=made", "1.0")


async def test_the_document_of_another_release_is_not_passed_on(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish_with_document(upstream, "demo", "1.0", "2.0")
    upstream.json_documents["demo/1.0"] = upstream.json_documents["demo/2.0"]
    proxy = await start_proxy(upstream)

    assert (await proxy.get(RELEASE)).json()["info"]["version"] == "1.0"


async def test_a_document_that_is_too_large_is_none(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    said = publish_with_document(upstream, "demo", "1.0")
    upstream.set_json("demo", {**said, "padding": "x" * 100_000})
    proxy = await start_proxy(upstream, max_page_size=50_000)

    assert (await proxy.get(DOCUMENT)).cache_status == "pyproxy; fwd=miss; detail=made"


async def test_a_json_route_that_hangs_costs_a_wait_and_no_error(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish_with_document(upstream, "demo", "1.0")
    upstream.behave("/pypi/", Silence())
    proxy = await start_proxy(upstream, lookup_timeout=2.0)

    answers = await asyncio.gather(*(proxy.get(DOCUMENT) for _ in range(3)))
    again = await proxy.get(DOCUMENT)

    assert {answer.cache_status for answer in (*answers, again)} == {"pyproxy; fwd=miss; detail=made-after-timeout"}
    assert upstream.count("/pypi/") == 1


async def test_metadata_that_cannot_be_had_leaves_info_empty_and_is_not_remembered(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    filename, content, metadata = make_wheel("demo", "1.0", metadata_extra=METADATA)
    upstream.add_file("demo", filename, content, metadata=metadata)
    upstream.behave("/packages/", Status(404))
    proxy = await start_proxy(upstream)

    answer = await proxy.get(DOCUMENT)
    upstream.clear_behaviours()
    clock.advance(4)

    assert (answer.status, answer.json()["info"]["summary"]) == (200, None)
    assert answer.headers["Cache-Control"] == "max-age=0"
    assert (await proxy.get(DOCUMENT)).json()["info"]["summary"] == "A demonstration"


async def test_the_metadata_of_another_project_is_not_believed(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    filename, content, _ = make_wheel("demo", "1.0")
    other = make_wheel("other", "1.0", metadata_extra=METADATA)[2]
    upstream.add_file("demo", filename, content, metadata=other)
    proxy = await start_proxy(upstream)

    info = (await proxy.get(DOCUMENT)).json()["info"]

    assert (info["name"], info["summary"], info["requires_dist"]) == ("demo", None, None)


async def test_an_html_index_without_hashes_or_sizes_has_documents_too(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 21)"""
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.html_only = True
    upstream.add_file("demo", filename, content, sha256=False)
    proxy = await start_proxy(upstream)

    file = (await proxy.get(DOCUMENT)).json()["urls"][0]

    assert file["url"] == f"{proxy.url}/files/demo/{filename}"
    assert (file["digests"], file["size"], file["upload_time"]) == ({}, None, None)


async def test_a_flat_index_is_not_asked_for_documents(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish(upstream, "demo", "1.0")
    upstream.behave("/whl/demo/", Raw(PAGE))
    flat = UpstreamSettings(name="flat", url=f"{upstream.url}/whl/", index_path="")
    proxy = await start_proxy(flat, extract_metadata=False)

    answer = await proxy.get(DOCUMENT)

    assert (answer.status, answer.cache_status) == (200, "pyproxy; fwd=miss; detail=made")
    assert [request.path for request in upstream.requests] == ["/whl/demo/"]


async def test_a_local_project_is_answered_from_its_files_and_asked_of_nobody(
    tmp_path: Path, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(F18)"""
    publish_with_document(upstream, "demo", "9.0")
    local = tmp_path / "local"
    local.mkdir()
    wheel, sdist = make_wheel("demo", "1.0", metadata_extra=METADATA), make_sdist("demo", "0.9")
    (local / wheel[0]).write_bytes(wheel[1])
    (local / sdist[0]).write_bytes(sdist[1])
    named_local = UpstreamSettings(name="local", url=upstream.url)
    proxy = await start_proxy(named_local, local=local)

    answer = await proxy.get("/pypi/Demo/json".lower())

    assert (answer.json()["info"]["summary"], answer.upstream) == ("A demonstration", "local")
    assert list(answer.json()["releases"]) == ["0.9", "1.0"]
    assert (await proxy.get("/pypi/demo/0.9/json")).json()["info"]["name"] == "demo"
    assert (await proxy.get("/pypi/demo/9.0/json")).status == 404
    assert upstream.requests == []


async def test_only_the_owner_is_asked_for_the_document(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 5) (F18)"""
    publish(upstream, "demo", "1.0")
    publish_with_document(other, "demo", "6.6.6")
    proxy = await start_proxy(upstream, other)

    answer = await proxy.get(DOCUMENT)

    assert (answer.upstream, answer.json()["info"]["version"]) == ("first", "1.0")
    assert (await proxy.get("/pypi/demo/6.6.6/json")).status == 404
    assert other.requests == []


async def test_a_degraded_page_gives_a_degraded_document(
    upstream: UpstreamServer, other: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """(pain 10)"""
    publish_with_document(other, "demo", "1.0")
    upstream.behave("/simple/", Status(503))
    proxy = await start_proxy(upstream, other)

    answer = await proxy.get(DOCUMENT)

    assert (answer.upstream, answer.cache_status) == ("second", "pyproxy; fwd=miss; detail=degraded")
    assert answer.headers["Cache-Control"] == "max-age=0"
    upstream.clear_behaviours()
    publish(upstream, "demo", "2.0")
    clock.advance(4)
    assert (await proxy.get(DOCUMENT)).upstream == "first"


async def test_where_the_page_fails_the_document_fails_alike(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 65)"""
    upstream.behave("/simple/", Status(503))
    proxy = await start_proxy(upstream)

    answer = await proxy.get(DOCUMENT)

    assert (answer.status, answer.headers["Content-Type"]) == (502, "application/problem+json")
    assert upstream.count("/pypi/") == 0


async def test_a_quarantined_project_has_no_document(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    page = b'{"meta":{"api-version":"1.4"},"name":"demo","files":[],"project-status":{"status":"quarantined"}}'
    upstream.set_page("demo", page, "application/vnd.pypi.simple.v1+json")
    proxy = await start_proxy(upstream)

    answer = await proxy.get(DOCUMENT)

    assert (answer.status, answer.json()["title"]) == (404, "demo has no release")


async def test_pages_below_a_wrong_index_address_are_not_taken_for_documents(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream, "simple", "1.0")
    proxy = await start_proxy(upstream)

    assert (await proxy.get("/pypi/simple/json")).json()["info"]["version"] == "1.0"
    assert (await proxy.get("/pypi/simple/json/")).headers["Content-Type"] != "application/json"
