"""Which addresses an upstream is asked for: exactly those that its configuration and its pages say."""

from __future__ import annotations

import hashlib

import pytest

from pyproxy.settings import UpstreamSettings
from tests.distributions import make_wheel
from tests.http.calls import address, ask
from tests.http.conftest import StartProxy
from tests.upstream_server import UpstreamServer

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0")


@pytest.mark.parametrize(
    ("base", "href"),
    [
        ("", "{url}/packages/demo/{file}"),
        ("", "/packages/demo/{file}"),
        ("", "../../packages/demo/{file}"),
        ("", "./../../simple/../packages/demo/{file}"),
        ("{url}/packages/", "demo/{file}"),
        ("{url}/packages/demo/x/", "../{file}"),
        ("/packages/demo/", "{file}"),
        ("{url}/elsewhere/", "/packages/demo/{file}"),
    ],
)
async def test_every_kind_of_link_leads_to_the_one_address(
    base: str, href: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """No folder doubled, none lost: the file and its metadata (F29)."""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    link = f"{href.format(url=upstream.url, file=FILENAME)}#sha256={hashlib.sha256(CONTENT).hexdigest()}"
    head = f'<base href="{base.format(url=upstream.url)}">' if base else ""
    page = f"<html><head><title>Links for demo</title>{head}</head><body><a href='{link}' data-core-metadata='true'>"
    upstream.set_page("demo", f"{page}{FILENAME}</a></body></html>".encode(), "text/html")
    proxy = await start_proxy(upstream)

    metadata = await ask(proxy, address("demo", FILENAME, CONTENT) + ".metadata")
    answer = await proxy.file("demo", FILENAME)

    assert (metadata.body, answer.body) == (METADATA, CONTENT)
    asked = [request.path for request in upstream.requests if not request.path.startswith("/simple/")]
    assert asked == [f"/packages/demo/{FILENAME}.metadata", f"/packages/demo/{FILENAME}"]


@pytest.mark.parametrize(
    ("url", "index_path", "asked"),
    [
        ("{url}", "simple", "/simple/demo/"),
        ("{url}/", "simple", "/simple/demo/"),
        ("{url}/simple", "simple", "/simple/demo/"),
        ("{url}/simple/", "simple", "/simple/demo/"),
        ("{url}/root/dev/+simple/", "simple", "/root/dev/+simple/demo/"),
        ("{url}/repository/pypi", "simple", "/repository/pypi/simple/demo/"),
        ("{url}/whl/cu124/", "", "/whl/cu124/demo/"),
    ],
)
async def test_the_configured_url_is_not_guessed_at(
    url: str, index_path: str, asked: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(F29, pain 21)"""
    settings = UpstreamSettings(name="first", url=url.format(url=upstream.url), index_path=index_path)
    proxy = await start_proxy(settings)
    await proxy.get("/simple/demo/")
    assert {request.path for request in upstream.requests} == {asked}
