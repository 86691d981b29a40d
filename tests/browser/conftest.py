"""One browser for all tests of this folder, and servers for it to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from pyproxy.settings import UpstreamSettings
from tests.browser.chromium import running_chromium
from tests.browser.pages import BROKEN, seed
from tests.browser.site import Site
from tests.clients.server import PyproxyServer
from tests.clients.upstream_thread import UpstreamThread
from tests.upstream.certificates import self_signed_context

StartSite = Callable[..., Site]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def start_site(chromium: Browser, tmp_path: Path) -> Iterator[StartSite]:
    """``start_site(**sections)``: a server with a scripted upstream and no account; sections are of pyproxy.yaml."""
    with ExitStack() as stack:

        def start(**sections: Any) -> Site:
            return _start(stack, chromium, tmp_path, sections)

        yield start


@pytest.fixture
def self_signed(tmp_path: Path) -> Iterator[UpstreamThread]:
    """An upstream whose certificate vouches for itself."""
    with UpstreamThread(self_signed_context(tmp_path)) as upstream:
        yield upstream


@pytest.fixture(scope="package")
def changed_site(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all tests that change what others would look at."""
    with ExitStack() as stack:
        site = _start(stack, chromium, tmp_path_factory.mktemp("changed"), {})
        site.sign_up()
        yield site


@pytest.fixture
def site(changed_site: Site) -> Iterator[Site]:
    """The same with one upstream, ``scripted``, whatever the test before did; its windows are closed after the test."""
    changed_site.use_upstreams(UpstreamSettings(name="scripted", url=changed_site.upstream.url))
    yield changed_site
    changed_site.close_windows()


@pytest.fixture(scope="package")
def seeded_site(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all tests that only look, with something to see on every page."""
    with ExitStack() as stack:
        site = _start(stack, chromium, tmp_path_factory.mktemp("seeded"), {}, BROKEN)
        site.sign_up()
        seed(site)
        yield site


@pytest.fixture
def shared(seeded_site: Site) -> Iterator[Site]:
    """The same, whose windows are closed after each test."""
    yield seeded_site
    seeded_site.close_windows()


def _start(
    stack: ExitStack, chromium: Browser, folder: Path, sections: dict[str, Any], *further: dict[str, Any]
) -> Site:
    upstream = stack.enter_context(UpstreamThread())
    config = {"upstreams": [{"name": "scripted", "url": upstream.url}, *further], **sections}
    server = stack.enter_context(PyproxyServer(folder / "pyproxy", config))
    stack.callback(lambda: print(server.log))  # pytest shows it where a test failed
    site = Site(server, upstream, chromium)
    stack.callback(site.close_windows)
    return site
