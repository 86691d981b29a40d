"""Names that are hard to spell, and bytes that come encoded."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.distributions import make_sdist, make_wheel
from tests.http.calls import address, ask, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import JSON
from tests.upstream_server import Behaviour, GzipAll, Mislabel, UpstreamServer

WHEEL_NAME, WHEEL, METADATA = make_wheel("demo", "1.0", size=150_000)
SDIST_NAME, SDIST = make_sdist("demo", "1.0")


@pytest.mark.parametrize("listed", ["+", "%2B"])
async def test_plus_and_percent_2b_are_one_file(upstream: UpstreamServer, start_proxy: StartProxy, listed: str) -> None:
    """(check 53) (F28) (pain 20) The upstream is asked with the spelling of its own page."""
    filename, content, metadata = make_wheel("torch", "2.4.0+cu124")
    url = f"{upstream.url}/packages/torch/{filename.replace('+', listed)}"
    upstream.add_file("torch", filename, content, metadata=metadata, url=url)
    proxy = await start_proxy(upstream)
    link = await proxy.link("torch", filename)

    for spelling in ("+", "%2B", "%2b"):
        path = link.replace("%2B", "+").replace("+", spelling)
        assert (await ask(proxy, path)).body == content
        assert (await ask(proxy, path + ".metadata")).body == metadata
        assert (await ask(proxy, path, method="HEAD")).status == 200
    await idle(proxy)

    files = {request.path for request in upstream.requests if request.path.startswith("/packages/")}
    assert {path.removesuffix(".metadata") for path in files} == {f"/packages/torch/{filename.replace('+', listed)}"}


@pytest.mark.parametrize(
    "filename",
    [
        "demo-1!2.0-py3-none-any.whl",
        "demo-1.0-py2.7.egg",
        "demo-1.0.win32-py2.7.exe",
        "demo-1.0.win-amd64-py3.4.msi",
        "demo-1.0-1.noarch.rpm",
        "Demo_Project-1.0beta5prerelease.tar.bz2",
        "demo-1.0.zip",
        "demo-1.0-variants.json",
        "demo-1.0-py3-none-any-cu124.whl",
        "no version at all.tar.gz",
        "demo-1.0~é.tar.gz",
    ],
)
async def test_a_name_need_not_be_understood_to_be_served(
    upstream: UpstreamServer, start_proxy: StartProxy, filename: str
) -> None:
    """(F37) (pain 20) (pain 29) Epochs, eggs, installers, variants (PEP 825), odd characters."""
    upstream.add_file("demo", filename, filename.encode())
    proxy = await start_proxy(upstream)

    link = await proxy.link("demo", filename)
    answer = await ask(proxy, link)

    assert link.endswith((quote(filename, safe="+!~"), quote(filename)))
    assert (answer.status, answer.body) == (200, filename.encode())


@pytest.mark.parametrize("bad", ["..%2Fx.whl", "%2e%2e", "a%00b.whl", "a%5Cb.whl", "%2Fetc%2Fpasswd", "a%0Ab.whl"])
@pytest.mark.parametrize("folder", ["/files/demo/", f"/files/demo/{'0' * 64}/"])
async def test_a_name_that_no_file_may_have_is_not_found(
    upstream: UpstreamServer, start_proxy: StartProxy, folder: str, bad: str
) -> None:
    """(check 53) (F40) Nobody is asked, and nothing is read from outside."""
    proxy = await start_proxy(upstream)

    assert (await ask(proxy, folder + bad)).status in (400, 404)
    assert upstream.requests == []


async def test_bad_names_listed_upstream_are_left_out(
    upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    """(F40) (F36) The rest of the page is served, and nothing is written outside the storage directory."""
    upstream.add_file("demo", WHEEL_NAME, WHEEL)
    entries = [
        {"filename": name, "url": f"{upstream.url}/packages/demo/{WHEEL_NAME}", "hashes": {}}
        for name in ("../../x-1.0.tar.gz", "/etc/x-1.0.tar.gz", "x\x00-1.0.tar.gz", "..", "")
    ]
    good = upstream.projects["demo"][WHEEL_NAME].as_json()
    body = json.dumps({"meta": {"api-version": "1.0"}, "name": "demo", "files": [*entries, good]})
    upstream.set_page("demo", body.encode(), JSON)
    proxy = await start_proxy(upstream)

    assert [entry["filename"] for entry in (await proxy.page("demo"))["files"]] == [WHEEL_NAME]
    assert (await proxy.file("demo", WHEEL_NAME)).body == WHEEL
    assert {path.name for path in tmp_path.iterdir()} == {"storage"}


ENCODED: dict[str, Behaviour] = {
    "gzip": GzipAll(),
    "deflate": GzipAll("deflate"),
    "raw deflate": GzipAll("raw-deflate"),
}


@pytest.mark.parametrize("listed", ["everything", "no size", "no hash"])
@pytest.mark.parametrize("encoding", ENCODED)
@pytest.mark.parametrize(("filename", "content"), [(WHEEL_NAME, WHEEL), (SDIST_NAME, SDIST)], ids=["wheel", "sdist"])
async def test_an_upstream_that_encodes_all_it_sends_is_decoded(
    upstream: UpstreamServer, start_proxy: StartProxy, filename: str, content: bytes, encoding: str, listed: str
) -> None:
    """(F26) (F25) (pain 23) Content-Length is that of the bytes the client gets, and no coding is announced."""
    upstream.add_file("demo", filename, content, size=listed == "everything", sha256=listed != "no hash")
    upstream.behave("/", ENCODED[encoding])
    proxy = await start_proxy(upstream)

    cold = await ask(proxy, await proxy.link("demo", filename))
    await idle(proxy)
    warm = await ask(proxy, await proxy.link("demo", filename))

    for answer in (cold, warm):
        assert (answer.status, answer.body, answer.headers["Content-Encoding"]) == (200, content, None)
        assert answer.headers["Content-Length"] in (None, str(len(content)))
    assert warm.headers["Content-Length"] == str(len(content))
    assert upstream.requests[-1].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("size", [True, False], ids=["size listed", "no size"])
async def test_a_tar_gz_that_is_called_gzip_encoded_stays_as_it_is(
    upstream: UpstreamServer, start_proxy: StartProxy, size: bool
) -> None:
    """(F25) (pain 23)"""
    upstream.add_file("demo", SDIST_NAME, SDIST, size=size)
    upstream.behave("/packages/", Mislabel())
    proxy = await start_proxy(upstream)

    answer = await ask(proxy, address("demo", SDIST_NAME, SDIST))

    assert (answer.status, answer.body, answer.headers["Content-Encoding"]) == (200, SDIST, None)
