"""``upstream test``: what a page tells and lacks, and the first bytes of a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.admin.upstream_test.examining import CONTENT, METADATA, UPLOADED, WHEEL, examined, one, said, stock, told
from tests.distributions import make_wheel
from tests.net.asking import running
from tests.upstream.certificates import Authority
from tests.upstream.proxy import ProxyServer
from tests.upstream.site import JSON_TYPE
from tests.upstream_server import Portal, Raw, Redirect, Reset, Silence, Status, closed_port

NOTHING_TO_SET = "nothing can be set here; a newer version of the server may list them"
FILE = f"/packages/demo/{WHEEL}"


async def test_a_page_in_json_is_described() -> None:
    async with running() as server:
        stock(server)
        steps = await examined(server.url)
    state, found, advice = said(steps, "project page")
    assert (state, advice) == ("ok", None)
    assert found.startswith("demo: 1 file, ")
    assert found.endswith(" bytes of JSON 1.1")
    for name in ("sha256", "sizes", "upload times"):
        assert said(steps, name) == ("ok", "every file has one", None)


async def test_html_only_is_a_warning_with_what_clients_miss() -> None:
    """(pain 7)"""
    async with running() as server:
        stock(server)
        server.html_only = True
        steps = await examined(server.url, project="demo")
    state, found, advice = said(steps, "project page")
    assert state == "warning"
    assert found.endswith(" bytes of HTML: it does not speak JSON")
    assert advice == "nothing can be set here; only JSON (PEP 691, PEP 700) tells clients sizes and upload times"
    assert said(steps, "upload times") == (
        "warning",
        "its only file has none: uv --exclude-newer and pip --uploaded-prior-to will not work",
        None,
    )
    assert said(steps, "sizes") == ("warning", "its only file has none", None)


async def test_what_some_files_lack_is_counted() -> None:
    async with running() as server:
        server.add_file("demo", WHEEL, CONTENT, metadata=METADATA, upload_time=UPLOADED)
        server.add_file("demo", "demo-1.1-py3-none-any.whl", CONTENT, sha256=False, md5=True, size=False)
        server.add_file("demo", "demo-1.2.tar.gz", b"\x1f\x8b" + b"x" * 99, sha256=False, size=False)
        steps = await examined(server.url)
    assert one(steps, "sha256").state == "warning"
    assert one(steps, "sha256").found == "2 of its 3 files have none, only md5"
    assert said(steps, "sizes") == ("warning", "2 of its 3 files have none", NOTHING_TO_SET)
    assert one(steps, "upload times").found.startswith("2 of its 3 files have none: uv --exclude-newer")
    assert said(steps, "wheel metadata") == (
        "warning",
        "1 of its 2 wheels have none (PEP 658): pyproxy reads it out of the wheels",
        NOTHING_TO_SET,
    )


async def test_files_without_any_hash_are_said_to_be_recorded() -> None:
    """(pain 25)"""
    async with running() as server:
        stock(server, sha256=False)
        steps = await examined(server.url)
    state, found, advice = said(steps, "sha256")
    assert (state, found) == ("warning", "its only file has none, and no other hash")
    assert advice is not None
    assert advice.startswith("pyproxy records the sha256 at the first download")


async def test_pages_that_are_answered_with_304_are_good() -> None:
    async with running() as server:
        stock(server)
        steps = await examined(server.url)
    assert said(steps, "unchanged pages") == ("ok", "answered with 304, by ETag", None)


async def test_pages_without_an_etag_are_fetched_whole_each_time() -> None:
    async with running() as server:
        stock(server)
        server.no_etag = True
        steps = await examined(server.url)
    assert said(steps, "unchanged pages") == (
        "warning",
        "its pages have neither an ETag nor a Last-Modified",
        "each look for news fetches the whole page: a longer index_ttl makes that rarer",
    )


async def test_an_etag_that_is_not_honoured_is_found_out() -> None:
    page = json.dumps({"meta": {"api-version": "1.0"}, "files": [{"filename": WHEEL, "url": FILE, "hashes": {}}]})
    async with running() as server:
        stock(server)
        server.behave("/simple/demo/", Status(200, page.encode(), {"Content-Type": JSON_TYPE, "ETag": '"one"'}))
        steps = await examined(server.url)
    assert one(steps, "unchanged pages").found == (
        "its pages carry ETag, but it answers 200 OK to a question about the same page"
    )


async def test_a_page_reached_by_a_redirect_says_so() -> None:
    async with running() as server, running() as other:
        stock(other)
        server.behave("/simple/", Redirect(other.url, keep_path=True))
        steps = await examined(server.url, redirect_hosts=(f"127.0.0.1:{other.port}",))
    assert one(steps, "project page").found.endswith(f", after a redirect to 127.0.0.1:{other.port}")


async def test_the_first_bytes_come_by_range() -> None:
    async with running() as server:
        stock(server)
        steps = await examined(server.url)
        (asked,) = [request for request in server.requests if request.path == FILE]
    assert asked.headers["range"] == "bytes=0-1023"
    assert said(steps, "file") == (
        "ok",
        f"the first 1,024 bytes of {WHEEL} came from 127.0.0.1:{server.port}, by range",
        None,
    )
    assert said(steps, "metadata file") == (
        "ok",
        f"{len(METADATA)} bytes of metadata came, with the listed sha256",
        None,
    )


async def test_a_server_without_ranges_is_a_warning() -> None:
    """(pain 11)"""
    async with running() as server:
        stock(server)
        server.no_ranges = True
        steps = await examined(server.url)
    assert said(steps, "file") == (
        "warning",
        f"{WHEEL} can be fetched from 127.0.0.1:{server.port}, but not in parts: it ignores ranges",
        "nothing can be set here: clients that read a part of a large wheel wait for all of it",
    )


async def test_a_listed_file_that_is_gone_fails() -> None:
    async with running() as server:
        stock(server)
        server.behave(FILE, Status(404))
        steps = await examined(server.url)
    assert said(steps, "file") == (
        "failed",
        f"127.0.0.1:{server.port} answers 404 Not Found for {WHEEL}, which the page lists",
        "the index and its files do not agree: look into the server, or the mirror that fills it",
    )


@pytest.mark.parametrize("no_ranges", [False, True])
async def test_a_file_of_another_size_than_the_page_lists_fails(no_ranges: bool) -> None:
    """An upstream that lies about sizes: each download of it would be refused."""
    async with running() as server, running() as files:
        stock(server, url=files.url + FILE)
        _, longer, _ = make_wheel("demo", "1.0", size=6000)
        files.add_file("demo", WHEEL, longer)
        files.no_ranges = no_ranges
        steps = await examined(server.url)
    assert said(steps, "file") == (
        "failed",
        f"{WHEEL} has {len(longer):,} bytes there, the page lists {len(CONTENT):,}",
        "no download of it is accepted: mend the list at the server",
    )


async def test_a_size_that_the_server_does_not_tell_is_not_compared() -> None:
    async with running() as server:
        stock(server)
        head = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1023/*\r\nContent-Length: 1024\r\n\r\n"
        server.behave(FILE, Raw(head.encode() + CONTENT[:1024]))
        steps = await examined(server.url)
    assert one(steps, "file").state == "ok"


async def test_a_login_page_instead_of_a_file_is_found_out() -> None:
    async with running() as server:
        stock(server)
        server.behave(FILE, Portal())
        steps = await examined(server.url)
    assert one(steps, "file").state == "failed"
    assert one(steps, "file").found == f"what it sends as {WHEEL} does not begin like such a file"


async def test_a_file_host_that_wants_the_credentials_leads_to_credential_hosts() -> None:
    """(pain 12)"""
    async with running() as index, running() as files:
        stock(index, url=files.url + FILE)
        stock(files)
        index.bearer = files.bearer = "right"
        without = await examined(index.url, token="right")
        place = files.url
        steps = await examined(index.url, token="right", credential_hosts=(place,))
    assert said(without, "file host") == ("ok", f"files are on another host: 127.0.0.1:{files.port}", None)
    state, found, advice = said(without, "file")
    assert state == "failed"
    assert found.endswith("which the page lists; the token is not sent there")
    assert advice == f"if that host is the index's own, set credential_hosts={place}"
    assert one(steps, "file").state == "ok"


async def test_files_that_want_credentials_of_an_open_index_are_told() -> None:
    async with running() as index, running() as files:
        stock(index, url=files.url + FILE)
        files.bearer = "right"
        steps = await examined(index.url)
    assert one(steps, "file").advice == "set username and password, or token: the index is open, its files are not"


async def test_an_account_that_may_not_read_files_is_told() -> None:
    async with running() as server:
        stock(server)
        server.behave(FILE, Status(403))
        steps = await examined(server.url, token="right")
    assert one(steps, "file").advice == "check whether the account may read files: the token was sent"


async def test_a_file_host_that_is_not_there_is_named() -> None:
    port = closed_port()
    async with running() as server:
        stock(server, url=f"http://127.0.0.1:{port}{FILE}")
        steps = await examined(server.url)
    assert said(steps, "file") == (
        "failed",
        f"{WHEEL} at 127.0.0.1:{port}: it refused the connection",
        f"this machine must reach 127.0.0.1:{port}, too: look at firewalls, and at http_proxy",
    )


async def test_a_silent_file_host_ends_by_the_stall_limit() -> None:
    async with running() as server:
        stock(server)
        server.behave(FILE, Silence())
        steps = await examined(server.url, stall_timeout_ms=1000)
    found = one(steps, "file").found
    assert found.startswith(f"{WHEEL} at 127.0.0.1:{server.port}: it did not begin to answer within ")


async def test_a_broken_file_transfer_is_told() -> None:
    async with running() as server:
        stock(server)
        server.behave(FILE, Reset(10))
        steps = await examined(server.url)
    assert one(steps, "file").found.endswith("it reset the connection after 10 bytes")


@pytest.mark.parametrize(("sha256", "links", "file"), [(True, "warning", "ok"), (False, "failed", "failed")])
async def test_files_at_http_of_an_https_index_depend_on_their_hash(
    tmp_path: Path, sha256: bool, links: str, file: str
) -> None:
    authority = Authority(tmp_path)
    async with running(authority.server_context()) as server, running() as files:
        stock(files)
        stock(server, url=files.url + FILE, sha256=sha256, metadata=None)
        steps = await examined(server.url, ca_bundle=str(authority.certificate))
    assert (told(steps)["links"], told(steps)["file"]) == (links, file)
    assert one(steps, "links").found.startswith("1 of 1 files are linked at http, the index is https")
    assert one(steps, "links").advice == "set the server's public address to https (X-Forwarded-Proto, base URL)"


async def test_a_page_that_leads_down_to_http_points_to_the_front(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with running(authority.server_context()) as server:
        server.behave("/simple/demo/", Redirect(f"http://127.0.0.1:{server.port}/simple/demo/"))
        steps = await examined(server.url, project="demo", ca_bundle=str(authority.certificate))
    state, found, advice = said(steps, "project page")
    assert (state, found) == ("failed", f"it leads from https down to http at 127.0.0.1:{server.port}")
    assert advice is not None
    assert advice.startswith("a server behind a TLS front must know its public address (X-Forwarded-Proto)")


async def test_metadata_that_is_promised_but_missing_fails() -> None:
    """(pain 6)"""
    async with running() as server:
        stock(server)
        server.behave(f"{FILE}.metadata", Status(404))
        steps = await examined(server.url)
    assert one(steps, "metadata file").state == "failed"
    assert one(steps, "metadata file").found == f"it lists metadata of {WHEEL}, but answers 404 Not Found for it"


async def test_metadata_with_another_hash_fails() -> None:
    async with running() as server:
        stock(server)
        server.behave(f"{FILE}.metadata", Status(200, b"Metadata-Version: 2.1\n"))
        steps = await examined(server.url)
    assert said(steps, "metadata file")[:2] == (
        "failed",
        f"the metadata of {WHEEL} has another sha256 than the page lists",
    )


async def test_a_newer_wheel_with_metadata_is_looked_at_rather_than_others() -> None:
    async with running() as server:
        server.add_file("demo", "demo-0.9.tar.gz", b"\x1f\x8b" + b"x" * 99)
        stock(server)
        server.add_file("demo", "demo-2.0-py3-none-any.whl", CONTENT, yanked=True, metadata=METADATA)
        steps = await examined(server.url)
    assert WHEEL in one(steps, "file").found


async def test_a_file_inside_the_private_network_of_a_public_index_is_refused(tmp_path: Path) -> None:
    """What stands in the URL is all that can be seen through an outbound proxy."""
    authority = Authority(tmp_path)
    outbound = await ProxyServer.start()
    try:
        async with running(authority.server_context(["index.example.org"])) as server:
            outbound.hosts["index.example.org"] = "127.0.0.1"
            stock(server, url=f"https://10.1.2.3{FILE}")
            url = f"https://index.example.org:{server.port}/"
            steps = await examined(url, http_proxy=outbound.url, ca_bundle=str(authority.certificate))
    finally:
        await outbound.stop()
    state, found, advice = said(steps, "file")
    assert (state, found) == (
        "failed",
        f"{WHEEL} at 10.1.2.3: it leads to 10.1.2.3:443, which is not at a public address",
    )
    assert advice is not None
    assert advice.startswith("links of an upstream at a public address may not lead into a private network")
