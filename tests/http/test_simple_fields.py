"""What pages say of files, so that pip, uv and Poetry understand every one of them."""

from __future__ import annotations

import hashlib
import html
import json
import re
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from tests.distributions import make_sdist, make_wheel
from tests.http.conftest import StartProxy
from tests.http.proxy import HTML, JSON, Proxy
from tests.upstream_server import UpstreamServer

SHA256 = "a" * 64
ANCHOR = re.compile(r'<a href="([^"]*)"([^>]*)>([^<]*)</a>')


async def page_of(proxy: Proxy, entries: list[dict[str, Any]], upstream: UpstreamServer, **page: Any) -> Any:
    """The JSON page that comes out where the upstream's has these files."""
    serve(upstream, entries, **page)
    return await proxy.page("demo")


def serve(upstream: UpstreamServer, entries: list[dict[str, Any]], **page: Any) -> None:
    document = {"meta": {"api-version": "1.1"}, "name": "demo", "files": entries, **page}
    upstream.set_page("demo", json.dumps(document).encode(), JSON)


def entry(filename: str = "demo-1.0.tar.gz", **more: Any) -> dict[str, Any]:
    return {"filename": filename, "url": f"https://files.example.org/{filename}", "hashes": {"sha256": SHA256}, **more}


async def test_the_newest_version_is_announced_only_with_all_that_it_demands(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 18)"""
    proxy = await start_proxy(upstream, index_ttl=0.0)
    full = await page_of(proxy, [entry(size=5)], upstream, versions=["1.0"])
    without_size = await page_of(proxy, [entry(size=5), entry("demo-2.0.tar.gz")], upstream, versions=["1.0", "2.0"])
    assert full["meta"]["api-version"] == "1.4"
    assert full["versions"] == ["1.0"]
    assert without_size["meta"]["api-version"] == "1.0"
    for page in (full, without_size):
        assert page["name"] == "demo"
        assert isinstance(page["files"], list)


async def test_every_file_has_what_clients_demand(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 19)"""
    proxy = await start_proxy(upstream)
    bare = {"filename": "demo-1.0.tar.gz", "url": "https://files.example.org/demo-1.0.tar.gz", "hashes": {}}
    page = await page_of(proxy, [bare, entry("demo-2.0.tar.gz")], upstream)
    assert len(page["files"]) == 2
    for file in page["files"]:
        assert {"filename", "url", "hashes"} <= set(file)


async def test_values_that_break_clients_do_not_get_through(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """uv refuses a whole page for one null (check 20, check 30)."""
    bad = {"size": None, "upload-time": None, "yanked": None, "requires-python": None, "core-metadata": None}
    worse = {"size": "big", "upload-time": "yesterday", "yanked": 7, "provenance": "http://example.org/x"}
    proxy = await start_proxy(upstream)
    page = await page_of(proxy, [entry(**bad), entry("demo-2.0.tar.gz", **worse)], upstream)
    assert len(page["files"]) == 2
    for file in page["files"]:
        assert "size" not in file
        assert "upload-time" not in file
        assert file.get("yanked", False) is not None
        assert file.get("provenance") is None
        assert None not in file.values()


async def test_the_upload_time_is_the_upstreams(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 21, pain 7)"""
    proxy = await start_proxy(upstream)
    page = await page_of(proxy, [entry(**{"upload-time": "2024-05-06T07:08:09.123456Z"})], upstream)
    assert page["files"][0]["upload-time"] == "2024-05-06T07:08:09.123456Z"


@pytest.mark.parametrize(
    ("given", "shown"), [("broken <build>", "broken <build>"), (True, True), ("", True), (False, False)]
)
async def test_yanked_files_stay_marked(
    given: object, shown: object, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 22)"""
    proxy = await start_proxy(upstream)
    page = await page_of(proxy, [entry(yanked=given)], upstream)
    as_html = (await proxy.get("/simple/demo/", {"Accept": HTML})).body.decode()
    assert page["files"][0].get("yanked", False) == shown
    marks = re.findall(r'data-yanked="([^"]*)"', as_html)
    assert [html.unescape(mark) for mark in marks] == ([] if shown is False else ["" if shown is True else shown])


async def test_metadata_is_announced_by_all_names_that_clients_can_read_or_not_at_all(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 23, check 24, check 57, pain 6)"""
    filename, content, metadata = make_wheel("demo", "1.0")
    without, other_content, _ = make_wheel("demo", "2.0")
    upstream.add_file("demo", filename, content, metadata=metadata)
    upstream.add_file("demo", without, other_content)
    proxy = await start_proxy(upstream, extract_metadata=False)
    files = {file["filename"]: file for file in (await proxy.page("demo"))["files"]}
    expected = {"sha256": hashlib.sha256(metadata).hexdigest()}
    assert files[filename]["core-metadata"] == expected
    assert not files[without].get("core-metadata")
    assert not any("dist-info-metadata" in file for file in files.values())

    as_html = (await proxy.get("/simple/demo/", {"Accept": HTML})).body.decode()
    attributes = {text: rest for _, rest, text in ANCHOR.findall(as_html)}
    value = f"sha256={expected['sha256']}"
    assert f'data-core-metadata="{value}" data-dist-info-metadata="{value}"' in attributes[filename]
    assert "metadata" not in attributes[without]


async def test_html_links_are_what_clients_expect(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 25, check 26, check 28, check 29)"""
    names = ["demo-1.0+cu124-cp312-cp312-linux_x86_64.whl", "demo-1!2.0.tar.gz", "demo-1.0.tar.gz"]
    entries = [entry(name, **{"requires-python": '>=3.8,<4,!="x"'}) for name in names]
    entries.append({"filename": "demo-0.9.zip", "url": "https://files.example.org/x", "hashes": {"sha1": "b" * 40}})
    serve(upstream, entries)
    proxy = await start_proxy(upstream)
    answer = await proxy.get("/simple/demo/", {"Accept": HTML})
    anchors = ANCHOR.findall(answer.body.decode())
    assert [text for _, _, text in anchors] == [*names, "demo-0.9.zip"]
    for href, attributes, text in anchors:
        url = urlsplit(urljoin(f"{proxy.url}/simple/demo/", html.unescape(href)))
        assert f"{url.scheme}://{url.netloc}" == proxy.url
        assert url.query == ""
        assert unquote(url.path.rsplit("/", 1)[1]) == text
        if text in names:
            assert url.fragment == f"sha256={SHA256}"
            assert 'data-requires-python="&gt;=3.8,&lt;4,!=&quot;x&quot;"' in attributes
        else:
            assert url.fragment == ""


async def test_the_first_hash_is_one_that_pip_knows(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 27)"""
    hashes = {"blake2b_256": "c" * 64, "md5": "d" * 32, "sha256": SHA256}
    proxy = await start_proxy(upstream)
    page = await page_of(proxy, [entry() | {"hashes": hashes}], upstream)
    first = next(iter(page["files"][0]["hashes"].items()))
    assert first == ("sha256", SHA256)


async def test_links_stay_here_and_carry_no_query(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 28, check 29, F24, pain 14)"""
    signed = entry() | {"url": "https://cdn.example.net/demo-1.0.tar.gz?signature=secret&expires=1#sha256=" + SHA256}
    relative = entry("demo-2.0.tar.gz") | {"url": "../../packages/demo-2.0.tar.gz"}
    serve(upstream, [signed, relative])
    proxy = await start_proxy(upstream)
    for accept in (JSON, HTML):
        body = (await proxy.get("/simple/demo/", {"Accept": accept})).body.decode()
        assert "://" not in body
        assert "secret" not in body
    for file in (await proxy.page("demo"))["files"]:
        assert file["url"] == f"../../files/demo/{SHA256}/{file['filename']}"


async def test_the_status_of_a_project_gets_through(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 31)"""
    proxy = await start_proxy(upstream, index_ttl=0.0)
    archived = await page_of(proxy, [entry()], upstream, **{"project-status": {"status": "archived", "reason": "old"}})
    plain = await page_of(proxy, [entry()], upstream)
    held = await page_of(proxy, [entry()], upstream, **{"project-status": {"status": "quarantined"}})
    assert archived["project-status"] == {"status": "archived", "reason": "old"}
    assert len(archived["files"]) == 1
    assert "project-status" not in plain
    assert "project-status" not in plain["meta"]
    assert held["project-status"]["status"] == "quarantined"
    assert held["files"] == []
    as_html = await proxy.get("/simple/demo/", {"Accept": HTML})
    assert as_html.status == 200
    assert ANCHOR.findall(as_html.body.decode()) == []


async def test_private_keys_are_dropped_and_unknown_ones_pass(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 32)"""
    proxy = await start_proxy(upstream)
    page = await page_of(proxy, [entry(_private=1, novelty={"a": [1]})], upstream, _page=2, topic="x")
    assert page["topic"] == "x"
    assert page["files"][0]["novelty"] == {"a": [1]}
    assert "_private" not in page["files"][0]
    assert "_page" not in page
    assert "_last-serial" not in page["meta"]


async def test_the_list_names_the_known_projects(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 33)"""
    for project in ("alpha", "beta-two"):
        filename, content = make_sdist(project, "1.0")
        upstream.add_file(project, filename, content)
    proxy = await start_proxy(upstream)
    for project in ("beta-two", "alpha", "nobody-has-it"):
        await proxy.get(f"/simple/{project}/")
    as_json = (await proxy.get("/simple/", {"Accept": JSON})).json()
    as_html = (await proxy.get("/simple/", {"Accept": HTML})).body.decode()
    assert as_json["meta"]["api-version"]
    assert [project["name"] for project in as_json["projects"]] == ["alpha", "beta-two"]
    assert [(href, text) for href, _, text in ANCHOR.findall(as_html)] == [
        ("alpha/", "alpha"),
        ("beta-two/", "beta-two"),
    ]


async def test_both_formats_list_the_same_files(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """Unparsable names too (check 34, F36, F37)."""
    names = ["demo-1.0.tar.gz", "demo-1.0-py2.7.egg", "demo-1.0.win32.exe", "demo-1.0beta5prerelease.zip", "odd.msi"]
    serve(upstream, [entry(name) for name in [*names, names[0]]])
    proxy = await start_proxy(upstream)
    page = await proxy.page("demo")
    as_html = (await proxy.get("/simple/demo/", {"Accept": HTML})).body.decode()
    assert [file["filename"] for file in page["files"]] == names
    assert [text for _, _, text in ANCHOR.findall(as_html)] == names
