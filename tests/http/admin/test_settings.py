"""The settings page, and a server that is started from its copy."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pyproxy.config import load_config
from pyproxy.config.keys import KEYS
from pyproxy.config.model import Config
from pyproxy.handlers.admin.settings import LONGEST_SHOWN
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.upstreams import UpstreamStore
from tests.http.admin.browser import Browser, signed_in
from tests.http.administration import administration
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy

PAGE, COPY = "/admin/settings", "/admin/settings/pyproxy.yaml"

PRIVATE = UpstreamSettings(
    name="private",
    url="https://pypi.example.org/",
    username="ci",
    password="s3cret-password",
    projects=("mycompany-*",),
    on_failure="stop",
    active=False,
    http_proxy="http://user:s3cret-proxy@proxy.example.org:3128",
)
OTHER = UpstreamSettings(name="other", url="https://other.example.org/", token="s3cret-token", verify_ssl=False)
VARIABLES = {
    "UPSTREAM_PRIVATE_PASSWORD": "s3cret-password",
    "UPSTREAM_PRIVATE_HTTP_PROXY": "http://user:s3cret-proxy@proxy.example.org:3128",
    "UPSTREAM_OTHER_TOKEN": "s3cret-token",
}


def stored(proxy: Proxy) -> list[UpstreamSettings]:
    with administration(proxy) as store:
        return [each.settings for each in store.list()]


def change(proxy: Proxy, store: UpstreamStore) -> None:
    """What an administrator did since the first start."""
    store.change("private", replace(PRIVATE, connect_timeout_ms=250))
    store.move("other", 1)


async def test_every_setting_is_told_with_where_it_comes_from(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy(missing_ttl=30.0))
    page = await browser.get(PAGE)
    assert page.status == 200
    rows = re.findall(r'<th scope="row"><code>([^<]+)</code>', page.text)
    assert rows == list(KEYS)
    assert "cache.missing_ttl how long “no such project” is believed 30s default" in page.words


async def test_the_page_leads_to_accounts_and_to_what_is_for_programs(start_proxy: StartProxy) -> None:
    page = await (await signed_in(await start_proxy())).get(PAGE)
    links = set(re.findall(r'href="\.\./([^"?]*)"', page.text))
    assert links >= {"admin/accounts", "api/v1/openapi.json", "metrics"}


async def test_no_secret_is_in_the_page_nor_in_the_copy(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy(PRIVATE, OTHER))
    for path in (PAGE, COPY):
        page = await browser.get(path)
        assert "${UPSTREAM_PRIVATE_PASSWORD}" in page.text
        assert "s3cret" not in page.text


async def test_a_server_started_from_the_copy_is_equal(start_proxy: StartProxy, tmp_path: Path) -> None:
    proxy = await start_proxy(PRIVATE, OTHER, offline=True, index_ttl=1.5)
    with administration(proxy) as store:
        change(proxy, store)
    page = await (await signed_in(proxy)).get(COPY)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/yaml; charset=utf-8")
    assert page.headers["Content-Disposition"] == 'attachment; filename="pyproxy.yaml"'
    (tmp_path / "copy.yaml").write_text(page.text, encoding="utf-8")

    config = load_config(tmp_path / "copy.yaml", VARIABLES)
    assert replace(config, upstreams=proxy.config.upstreams) == proxy.config
    copy = Proxy(_elsewhere(config, tmp_path / "elsewhere"), proxy.clock, VARIABLES)
    await copy.start()
    try:
        assert stored(copy) == stored(proxy)
        assert [upstream.name for upstream in stored(copy)] == ["other", "private"]
        again = await (await signed_in(copy)).get(COPY)
        assert again.text == page.text.replace(str(proxy.config.storage.directory), str(tmp_path / "elsewhere"))
    finally:
        await copy.stop()


async def test_a_viewer_sees_the_settings_and_a_stranger_does_not(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    viewer = await signed_in(proxy, "vera", "viewer")
    for path in (PAGE, COPY):
        assert (await viewer.get(path)).status == 200
        page = await Browser(proxy).get(path)
        assert (page.status, page.location.partition("?")[0]) == (303, "/admin/sign-in")


@pytest.mark.parametrize("number", [0, 4000])
async def test_however_many_upstreams_there_are_the_page_stays_small(number: int, start_proxy: StartProxy) -> None:
    projects = tuple(f"project-{each:06}-*" for each in range(number))
    proxy = await start_proxy(UpstreamSettings(name="first", url="https://h.example/", projects=projects))
    browser = await signed_in(proxy)
    page, copy = await browser.get(PAGE), await browser.get(COPY)
    assert len(page.text.encode()) < 100_000
    assert ("This is its beginning" in page.text) is (len(copy.text) > LONGEST_SHOWN) is (number > 0)
    assert copy.text.count("project-") == number


async def test_what_an_upstream_is_called_by_a_stranger_does_nothing_in_the_page(start_proxy: StartProxy) -> None:
    hostile = '<script>alert("x")</script>'
    proxy = await start_proxy(UpstreamSettings(name="first", url="https://h.example/", username=hostile))
    page = await (await signed_in(proxy)).get(PAGE)
    assert hostile not in page.text
    assert hostile in page.words


def _elsewhere(config: Config, directory: Path) -> Config:
    return replace(config, storage=replace(config.storage, directory=directory))
