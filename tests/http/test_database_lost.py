"""The database is gone, the files are there: they are served, found again, and it is said what else is lost."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from tests.distributions import make_sdist, make_wheel
from tests.http.admin.browser import signed_in
from tests.http.admin.reading import section, words
from tests.http.calls import address, ask, idle
from tests.http.commands import command, done
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.upstream_server import UpstreamServer
from tests.waiting import until

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=50_000)
PLAIN, PLAIN_CONTENT = make_sdist("plain", "1.0")
SHA256, PLAIN_SHA256 = (hashlib.sha256(each).hexdigest() for each in (CONTENT, PLAIN_CONTENT))
PATH, PLAIN_PATH = address("demo", FILENAME, CONTENT), address("plain", PLAIN, PLAIN_CONTENT)


@pytest.fixture
def clock() -> Callable[[], float]:
    """The commands' own, which is the machine's."""
    return time.time


def lose_database(proxy: Proxy) -> None:
    for path in proxy.config.storage.directory.glob(f"{DATABASE_NAME}*"):
        path.unlink()


def rows(directory: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(Database.open(directory / DATABASE_NAME, read_only=True)) as database:
        return sorted(tuple(row) for row in database.all(sql, {}))


FILES = "SELECT project, filename, files.sha256, upstream, hashes, size FROM files JOIN contents USING (sha256)"
SUMS = "SELECT project, files, bytes FROM projects WHERE files > 0"
RECORDED = "SELECT project, name, filename, sha256 FROM recorded_hashes JOIN upstreams ON id = upstream_id"


async def filled(upstream: UpstreamServer, start_proxy: StartProxy) -> Proxy:
    """A stopped server with files, one of them by its recorded hash, fetched again since."""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    upstream.add_file("plain", PLAIN, PLAIN_CONTENT, sha256=False)
    proxy = await start_proxy(upstream)
    # The metadata first: once the wheel is here, its own answers.
    for path in (f"{PATH}.metadata", PATH, f"/files/plain/{PLAIN}"):
        assert (await ask(proxy, path)).status == 200
    await idle(proxy)
    await proxy.server.resources.files.forget("plain")
    await proxy.page("plain")
    assert (await ask(proxy, PLAIN_PATH)).status == 200
    await idle(proxy)
    await proxy.stop()
    return proxy


async def test_the_files_are_served_and_found_again_at_the_start(
    upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    """Also without upstream; log and dashboard say what is lost all the same."""
    proxy = await filled(upstream, start_proxy)
    directory = proxy.config.storage.directory
    before = [rows(directory, sql) for sql in (FILES, SUMS, RECORDED)]
    lose_database(proxy)
    await upstream.stop()

    await proxy.start()

    answer = await ask(proxy, PATH)
    assert (answer.body, answer.cache_status) == (CONTENT, "pyproxy; hit")
    assert (await ask(proxy, "/readyz")).status == 200
    await until(lambda: proxy.server.resources.files.index.complete)
    assert [rows(directory, sql) for sql in (FILES, SUMS, RECORDED)] == before
    logged = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert any("upstreams, users and tokens are not, and come from a backup only" in line for line in logged)
    assert any("3 were found again by their manifests" in line for line in logged)
    dashboard = proxy.server.administration.dashboard
    told = [each.sentence for each in (await dashboard.overview("24h")).attention]
    assert any("the database was made anew on" in line and "3 files found again" in line for line in told)


@pytest.mark.parametrize("loss", ["removed", "replaced"])
async def test_a_server_whose_database_is_taken_away_says_so_and_goes_on(
    loss: str, upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    """On the dashboard too, which shows the one that is open."""
    proxy = await filled(upstream, start_proxy)
    await proxy.start()
    browser = await signed_in(proxy)
    assert "All is well" in (await browser.get("/admin/")).words
    lose_database(proxy)
    if loss == "replaced":
        Database.open(proxy.config.storage.directory / DATABASE_NAME).close()

    ready = await ask(proxy, "/readyz")

    assert ready.status == 503
    assert ready.json()["checks"]["database"] == f"the database was {loss}: the server's log says more"
    assert f"was {loss}; what changes now is lost with the next start" in caplog.text
    assert (await ask(proxy, PATH)).body == CONTENT
    attention = words(section(await browser.get("/admin/"), "attention"))
    assert f"The database was {loss} while the server was running" in attention
    assert "stop the server" in attention
    assert (await browser.get("/admin/activity")).status == 200
    assert (await ask(proxy, "/metrics")).status == 200


async def test_a_command_finds_them_again_while_the_server_is_stopped(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await filled(upstream, start_proxy)
    directory = proxy.config.storage.directory
    before = [rows(directory, sql) for sql in (FILES, SUMS)]
    lose_database(proxy)

    assert "cache verify --rebuild" in (await command(proxy, "cache", "stats")).err
    printed = await done(proxy, "cache", "verify", "--rebuild")
    again = json.loads(await done(proxy, "cache", "verify", "--rebuild", "--json"))

    assert printed.splitlines()[-2:] == [
        "the index of files is complete: 3 files found again by their manifests",
        f"3 files, {(len(CONTENT) + len(METADATA) + len(PLAIN_CONTENT)) / 1000:.1f} kB read: no damage",
    ]
    assert (again["rebuilt"], again["files"], again["findings"]) == (0, 3, [])
    assert [rows(directory, sql) for sql in (FILES, SUMS)] == before


async def test_recorded_hashes_bind_again_once_their_upstream_is_there(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """The command of this test knows no upstream; they are restored by doing it again."""
    proxy = await filled(upstream, start_proxy)
    lose_database(proxy)
    await done(proxy, "cache", "verify", "--rebuild")
    assert rows(proxy.config.storage.directory, RECORDED) == []
    await done(proxy, "upstream", "add", "first", upstream.url)

    await done(proxy, "cache", "verify", "--rebuild")

    assert rows(proxy.config.storage.directory, RECORDED) == [("plain", "first", PLAIN, PLAIN_SHA256)]


async def test_what_is_damaged_or_nameless_is_told_and_removed(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Bytes of the right size are read, too; bytes without a manifest belong to nobody."""
    proxy = await filled(upstream, start_proxy)
    lose_database(proxy)
    place = proxy.files_directory / SHA256[:2] / SHA256
    place.write_bytes(bytes([CONTENT[0] ^ 1]) + CONTENT[1:])
    (proxy.files_directory / PLAIN_SHA256[:2] / f"{PLAIN_SHA256}.json").unlink()

    ended = await command(proxy, "cache", "verify", "--rebuild")

    assert ended.status == 1
    lines = [line.split() for line in ended.out.splitlines() if line.startswith("removed")]
    assert [line[:3] for line in lines] == [["removed", SHA256, FILENAME], ["removed", PLAIN_SHA256, "-"]]
    assert proxy.kept() == [hashlib.sha256(METADATA).hexdigest()]
    assert "no damage" in await done(proxy, "cache", "verify", "--rebuild")


async def test_beside_a_server_it_finds_what_is_missing_but_makes_no_database(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await filled(upstream, start_proxy)
    await proxy.start()
    resources = proxy.server.resources
    resources.database.write_now(lambda connection: connection.execute("DELETE FROM contents"))

    assert json.loads(await done(proxy, "cache", "verify", "--rebuild", "--json"))["rebuilt"] == 3
    assert (await ask(proxy, PATH)).cache_status == "pyproxy; hit"

    lose_database(proxy)
    ended = await command(proxy, "cache", "verify", "--rebuild")
    assert (ended.status, ended.out) == (1, "")
    assert "stop the server" in ended.err
    assert not (proxy.config.storage.directory / DATABASE_NAME).exists()
