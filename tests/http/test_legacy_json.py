"""``/pypi/<project>/json`` where the owner has such a document: passed on with its files' URLs rewritten."""

from __future__ import annotations

import gzip
import hashlib
import ipaddress

from pyproxy.config.model import ServerConfig
from pyproxy.settings import UpstreamSettings
from tests.distributions import make_wheel
from tests.http.conftest import StartProxy
from tests.http.legacy_documents import UPLOADED, document, entry, publish_with_document
from tests.http.proxy import Clock
from tests.http.publishing import publish
from tests.upstream_server import UpstreamServer

DOCUMENT, RELEASE = "/pypi/demo/json", "/pypi/demo/1.0/json"


async def test_file_urls_are_absolute_and_lead_here(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 81) (pain 37)"""
    publish_with_document(upstream, "demo", "1.0", "2.0")
    proxy = await start_proxy(upstream)

    answer = await proxy.get(DOCUMENT)

    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    told = answer.json()
    listed = [*told["urls"], *told["releases"]["1.0"], *told["releases"]["2.0"]]
    assert [file["url"] for file in listed] == [
        f"{proxy.url}/files/demo/{file['digests']['sha256']}/{file['filename']}" for file in listed
    ]
    assert upstream.url.encode() not in answer.body
    got = await proxy.get(told["urls"][0]["url"].removeprefix(proxy.url))
    assert hashlib.sha256(got.body).hexdigest() == told["urls"][0]["digests"]["sha256"]


async def test_what_the_owner_says_of_the_project_is_passed_on(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    said = publish_with_document(upstream, "demo", "1.0", "2.0")
    proxy = await start_proxy(upstream)

    told = (await proxy.get(DOCUMENT, {"Accept": "application/json"})).json()

    for key in ("info", "vulnerabilities", "last_serial", "ownership"):
        assert told[key] == said[key]
    assert told["urls"] == told["releases"]["2.0"]
    ours = {"url", "core-metadata", "comment_text"}
    assert {key: value for key, value in told["urls"][0].items() if key not in ours} == {
        key: value for key, value in said["urls"][0].items() if key not in ours
    }
    assert told["urls"][0]["upload_time_iso_8601"] == UPLOADED


async def test_another_spelling_of_the_name_leads_to_the_right_one(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 81) Dependabot asks so."""
    publish_with_document(upstream, "foo-bar", "1.0")
    proxy = await start_proxy(upstream)

    locations = {
        path: (await proxy.get(path)).headers["Location"]
        for path in ("/pypi/Foo_.Bar/json", "/pypi/Foo_.Bar/json/", "/pypi/Foo_.Bar/1.0%2Bx/json?a=b")
    }

    assert locations == {
        "/pypi/Foo_.Bar/json": "../foo-bar/json",
        "/pypi/Foo_.Bar/json/": "../../foo-bar/json/",
        "/pypi/Foo_.Bar/1.0%2Bx/json?a=b": "../../foo-bar/1.0%2Bx/json?a=b",
    }
    assert (await proxy.get("/pypi/Foo_.Bar/json")).status == 301
    assert upstream.requests == []


async def test_a_release_is_found_in_any_spelling_of_its_version(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 82)"""
    publish_with_document(upstream, "demo", "1.0.0", "2.0")
    proxy = await start_proxy(upstream)

    answers = [await proxy.get(f"/pypi/demo/{each}/json") for each in ("1.0", "1.0.0", "v1", "1.0.0.0")]

    assert [answer.json()["info"]["version"] for answer in answers] == ["1.0.0"] * 4
    assert "releases" not in answers[0].json()
    assert upstream.count("/pypi/") == 1


async def test_a_version_that_is_none_is_compared_as_text(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 82)"""
    upstream.add_file("demo", "demo-odd.build.tar.gz", b"x")
    proxy = await start_proxy(upstream)

    assert (await proxy.get("/pypi/demo/odd.build/json")).json()["info"]["version"] == "odd.build"
    assert (await proxy.get("/pypi/demo/odd/json")).status == 404


async def test_the_addresses_work_with_a_final_slash(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish_with_document(upstream, "demo", "1.0", "2.0")
    proxy = await start_proxy(upstream)

    assert (await proxy.get(DOCUMENT + "/")).body == (await proxy.get(DOCUMENT)).body
    assert (await proxy.get(RELEASE + "/")).body == (await proxy.get(RELEASE)).body


async def test_an_older_release_has_its_own_document(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish_with_document(upstream, "demo", "1.0", "2.0")
    proxy = await start_proxy(upstream)

    told = (await proxy.get(RELEASE)).json()

    assert told["info"]["requires_dist"] == ["said-of-1.0"]
    assert told["vulnerabilities"][0]["id"] == "DEMO-1.0"
    assert [file["filename"] for file in told["urls"]] == ["demo-1.0-py3-none-any.whl"]


async def test_the_newest_release_is_answered_from_the_projects_document(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish_with_document(upstream, "demo", "1.0", "2.0")
    proxy = await start_proxy(upstream)
    await proxy.get(DOCUMENT)

    told = (await proxy.get("/pypi/demo/2.0/json")).json()

    assert told["info"]["version"] == "2.0"
    assert "releases" not in told
    assert [request.path for request in upstream.requests] == ["/simple/demo/", DOCUMENT]


async def test_an_unknown_project_and_an_unknown_release_are_a_404(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish_with_document(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)

    for path in ("/pypi/unknown/json", "/pypi/unknown/1.0/json", "/pypi/demo/9.9/json", "/pypi/a%2Fb/json"):
        answer = await proxy.get(path)
        assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json"), path
    assert (await proxy.get("/pypi/demo/9.9/json")).json()["title"] == "demo has no release '9.9'"
    assert upstream.count("/pypi/") == 0


async def test_a_version_of_more_digits_than_python_reads_is_an_unknown_release(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish_with_document(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    assert (await proxy.get(f"/pypi/demo/{'9' * 4301}/json")).status == 404


async def test_other_methods_are_a_405_and_head_has_the_same_head(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish_with_document(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    whole = await proxy.get(DOCUMENT)

    head = await proxy.get(DOCUMENT, method="HEAD")

    assert (await proxy.get(DOCUMENT, method="POST")).status == 405
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Vary", "X-Pyproxy-Upstream"):
        assert head.headers[name] == whole.headers[name] is not None


async def test_it_is_compressed_on_demand_with_an_etag_of_its_own(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish_with_document(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    plain, packed = await proxy.get(DOCUMENT), await proxy.get(DOCUMENT, {"Accept-Encoding": "gzip"})

    assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["ETag"] != plain.headers["ETag"]
    again = await proxy.get(DOCUMENT, {"If-None-Match": plain.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


async def test_each_address_of_the_server_gets_its_own_urls_and_etag(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish_with_document(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)

    here, there = await proxy.get(DOCUMENT), await proxy.get(DOCUMENT, {"Host": "pypi.example.org"})

    assert there.json()["urls"][0]["url"].startswith("http://pypi.example.org/files/demo/")
    assert here.headers["ETag"] != there.headers["ETag"]
    assert (await proxy.get(DOCUMENT, {"Host": "pypi.example.org"})).body == there.body


async def test_the_public_url_rules_the_addresses(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish_with_document(upstream, "demo", "1.0")
    server = ServerConfig(port=0, public_url="https://pypi.example.org/team/")
    proxy = await start_proxy(upstream, server=server)

    url = (await proxy.get(DOCUMENT)).json()["urls"][0]["url"]

    assert url.startswith("https://pypi.example.org/team/files/demo/")


async def test_behind_a_front_the_addresses_are_the_fronts(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(pain 19)"""
    publish_with_document(upstream, "demo", "1.0")
    server = ServerConfig(port=0, trusted_proxies=(ipaddress.ip_network("127.0.0.0/8"),))
    proxy = await start_proxy(upstream, server=server)
    forwarded = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "front.example.org",
        "X-Forwarded-Prefix": "/python",
    }

    url = (await proxy.get(DOCUMENT, forwarded)).json()["urls"][0]["url"]

    assert url.startswith("https://front.example.org/python/files/demo/")


async def test_the_document_is_asked_for_with_the_upstreams_credentials(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 63)"""
    publish_with_document(upstream, "demo", "1.0")
    upstream.username, upstream.password = "robot", "secret"
    settings = UpstreamSettings(name="private", url=upstream.url, username="robot", password="secret")
    proxy = await start_proxy(settings)

    assert (await proxy.get(DOCUMENT)).cache_status == "pyproxy; fwd=miss"


async def test_only_the_pages_files_are_listed(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    said = publish_with_document(upstream, "demo", "1.0", "2.0")
    said["releases"]["3.0"] = [entry(f"{upstream.url}/x.whl", "demo-3.0-py3-none-any.whl", b"gone")]
    said["releases"]["0.1"] = []
    upstream.set_json("demo", said)
    publish(upstream, "demo", "2.1")  # newer than the document
    proxy = await start_proxy(upstream)

    releases = (await proxy.get(DOCUMENT)).json()["releases"]

    assert {version: len(files) for version, files in releases.items()} == {"0.1": 0, "1.0": 1, "2.0": 1, "2.1": 1}
    assert list(releases) == ["0.1", "1.0", "2.0", "2.1"]


async def test_what_is_said_of_another_file_by_the_same_name_is_not_passed_on(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content)
    other = entry(f"{upstream.url}/other", filename, b"other bytes", comment_text="of other bytes", size=5)
    upstream.set_json("demo", document("demo", "1.0", {"1.0": [other]}))
    proxy = await start_proxy(upstream)

    file = (await proxy.get(DOCUMENT)).json()["urls"][0]

    sha256 = hashlib.sha256(content).hexdigest()
    assert (file["digests"], file["md5_digest"]) == ({"sha256": sha256}, None)
    assert (file["comment_text"], file["size"]) == (None, len(content))
    assert file["url"].endswith(f"/files/demo/{sha256}/{filename}")


async def test_the_page_says_what_is_yanked(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content, yanked="it is broken")
    said = document("demo", "1.0", {"1.0": [entry(f"{upstream.url}/{filename}", filename, content)]})
    upstream.set_json("demo", said)
    proxy = await start_proxy(upstream)

    told = (await proxy.get(DOCUMENT)).json()

    assert (told["urls"][0]["yanked"], told["urls"][0]["yanked_reason"]) == (True, "it is broken")
    assert (told["info"]["yanked"], told["info"]["yanked_reason"]) == (True, "it is broken")


async def test_a_download_address_at_the_upstream_does_not_leave_the_house(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    said = publish_with_document(upstream, "demo", "1.0")
    said["info"]["download_url"] = f"{upstream.url}/packages/demo/demo.zip"
    said["urls"][0]["mirror"] = f"{upstream.url}/packages/elsewhere"
    said["releases"]["1.0"] = said["urls"]
    upstream.set_json("demo", said)
    proxy = await start_proxy(upstream)

    answer = await proxy.get(DOCUMENT)

    assert upstream.url.encode() not in answer.body
    assert answer.json()["info"]["home_page"] == "https://example.org/demo"


async def test_it_says_where_it_came_from_and_how_long_it_holds(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    publish_with_document(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream, index_ttl=300.0)

    first = await proxy.get(DOCUMENT)
    clock.advance(100)
    second = await proxy.get(DOCUMENT)

    assert (first.cache_status, first.upstream) == ("pyproxy; fwd=miss", "first")
    assert (second.cache_status, second.headers["Cache-Control"]) == ("pyproxy; hit", "public, max-age=200")
    assert first.headers["Cache-Control"] == "public, max-age=300"
