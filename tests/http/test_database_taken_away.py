"""The database's file is removed or replaced under a running server: what its pages, jobs and the commands say."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.admin.storage.prune_preview import Wish
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from tests.http.admin.browser import Browser, signed_in
from tests.http.admin.holding import fetch
from tests.http.calls import ask
from tests.http.commands import command
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.http.publishing import publish
from tests.upstream_server import UpstreamServer
from tests.waiting import until

STORAGE = "/admin/storage"
LOSSES = pytest.mark.parametrize("loss", ["removed", "replaced"])


@pytest.fixture
def clock() -> Callable[[], float]:
    """The commands' own, which is the machine's."""
    return time.time


def lose(proxy: Proxy, loss: str) -> None:
    directory = proxy.config.storage.directory
    for path in directory.glob(f"{DATABASE_NAME}*"):
        path.unlink()
    if loss == "replaced":
        Database.open(directory / DATABASE_NAME).close()


async def without_its_database(
    upstream: UpstreamServer, start_proxy: StartProxy, loss: str
) -> tuple[Proxy, Browser, str]:
    """A server that has the file ``demo`` 1.0, and a browser signed in."""
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await fetch(proxy, "demo", filename)
    browser = await signed_in(proxy)
    lose(proxy, loss)
    return proxy, browser, filename


@LOSSES
async def test_the_pages_show_what_is_open_still(
    loss: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy, browser, filename = await without_its_database(upstream, start_proxy, loss)

    shown = {
        "/admin/projects": "demo",
        "/admin/projects?q=dem": "demo",
        "/admin/projects/demo": filename,
        f"/admin/projects/demo/file?name={filename}": filename,
        "/admin/projects/demo/purge": "Purge",
        STORAGE: "1 file",
        f"{STORAGE}/prune?unused_for=0d": "1 file",
        "/admin/upstreams": "first",
        "/admin/audit": "ada",
        "/admin/accounts": "ada",
        "/admin/tokens": "Tokens",
        "/admin/settings": "Settings",
        "/admin/activity/upstreams": "first",
    }
    told = {path: await browser.get(path) for path in shown}

    assert {path: page.status for path, page in told.items()} == dict.fromkeys(shown, 200)
    assert [path for path, words in shown.items() if words not in told[path].words] == []
    assert (proxy.config.storage.directory / DATABASE_NAME).exists() == (loss == "replaced")


@LOSSES
async def test_a_project_can_be_refreshed_and_purged(
    loss: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy, browser, _ = await without_its_database(upstream, start_proxy, loss)

    refreshed = await browser.submit("/admin/projects/demo/refresh", form_on="/admin/projects/demo")
    assert (await browser.follow(refreshed)).status == 200
    purged = await browser.submit("/admin/projects/demo/purge")

    assert purged.status == 303
    await until(lambda: proxy.kept() == [])
    assert (await ask(proxy, "/simple/demo/")).status == 200


@LOSSES
async def test_long_work_is_not_begun_and_says_why(
    loss: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """It opens the database anew: a removed one would be made again, a replaced one would tell of other files."""
    proxy, browser, _ = await without_its_database(upstream, start_proxy, loss)
    jobs = proxy.server.holdings.jobs

    assert await jobs.start_prune(await proxy.server.holdings.previews.preview(Wish(max_size=0)))
    await until(lambda: (found := jobs.prune()) is not None and found.outcome is not None)
    assert await jobs.start_verify()
    await until(lambda: (found := jobs.verification()) is not None and found.outcome is not None)

    for job in (jobs.prune(), jobs.verification()):
        assert job is not None
        assert job.outcome == "failed"
        assert f"was {loss} under the running server: stop the server" in job.problem
    assert "stop the server" in (await browser.get(STORAGE)).words
    assert len(proxy.kept()) > 0
    assert (proxy.config.storage.directory / DATABASE_NAME).exists() == (loss == "replaced")


COMMANDS = {
    "removed": (("prefetch", "-r", "requirements.txt"), ("user", "list"), ("explain", "demo")),
    "replaced": (("cache", "purge", "demo"), ("upstream", "test", "first")),
}
"""Each way in which commands open the storage directory, and those that make a database where there is none."""


@LOSSES
async def test_commands_beside_it_say_what_is_wrong_and_touch_nothing(
    loss: str, upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    proxy, _, _ = await without_its_database(upstream, start_proxy, loss)
    kept, requirements = proxy.kept(), tmp_path / "requirements.txt"
    requirements.write_text("demo")

    for each in COMMANDS[loss]:
        arguments = [str(requirements) if word == requirements.name else word for word in each]
        ended = await command(proxy, *arguments)

        assert (ended.status, ended.out) == (1, ""), arguments
        assert f"was {loss} under the running server: stop the server" in ended.err, arguments
        assert len(ended.err.splitlines()) == 1, arguments
    assert proxy.kept() == kept
    assert (proxy.config.storage.directory / DATABASE_NAME).exists() == (loss == "replaced")
