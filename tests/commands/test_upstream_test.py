"""``pyproxy upstream test``: what it prints and when, how it ends, and what it leaves alone."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.pages import PageStore
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore
from tests.admin.upstream_test.examining import stock
from tests.app.command import CHECKOUT
from tests.upstream_server import Hold, Redirect, Silence, Status, UpstreamServer, closed_port
from tests.waiting import LIMIT_SECONDS

SECRET = "s3cret-in-clear"


@pytest.fixture
def upstream(io_loop: IOLoop) -> Iterator[UpstreamServer]:
    server = io_loop.run_sync(UpstreamServer.start)
    stock(server)
    yield server
    io_loop.run_sync(server.stop)


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    status: int
    output: str
    errors: str

    @property
    def steps(self) -> dict[str, dict[str, Any]]:
        """The objects of ``--json`` by name."""
        return {step["name"]: step for step in map(json.loads, self.output.splitlines())}


@asynccontextmanager
async def running(
    directory: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    output: int = asyncio.subprocess.PIPE,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command as a process of its own in a directory; killed at the end if it still runs."""
    inherited = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pyproxy", *arguments),
        cwd=directory,
        env={**inherited, "PYTHONPATH": str(CHECKOUT), **(environment or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def run(directory: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Ended:
    """``pyproxy upstream …`` to its end; no secret may be printed, whatever happens."""
    async with (
        asyncio.timeout(LIMIT_SECONDS),
        running(directory, "upstream", *arguments, environment=environment) as it,
    ):
        output, errors = await it.communicate()
    assert it.returncode is not None
    ended = Ended(it.returncode, output.decode(), errors.decode())
    assert SECRET not in ended.output + ended.errors
    assert "Traceback" not in ended.errors
    return ended


async def test_a_good_upstream_ends_with_0_and_a_sentence(upstream: UpstreamServer, tmp_path: Path) -> None:
    ended = await run(tmp_path, "test", "--url", upstream.url)
    assert (ended.status, ended.errors) == (0, "")
    lines = ended.output.splitlines()
    assert lines[0] == f"ok      settings{' ' * 18}the index is {upstream.url}/simple/"
    assert lines[-1] == "upstream test: nothing failed"
    assert not any(line.endswith(" ") for line in lines)


async def test_warnings_do_not_change_the_status(upstream: UpstreamServer, tmp_path: Path) -> None:
    upstream.no_etag = True
    ended = await run(tmp_path, "test", "--url", upstream.url, "name=acme")
    assert ended.status == 0
    assert ended.output.splitlines()[-1] == "upstream acme: nothing failed, with 1 warning"
    assert "\n" + " " * 34 + "-> each look for news fetches the whole page" in ended.output


async def test_a_failure_ends_with_1_and_one_line_that_says_why(tmp_path: Path) -> None:
    ended = await run(tmp_path, "test", "--url", f"http://127.0.0.1:{closed_port()}/")
    assert ended.status == 1
    assert ended.errors == "pyproxy: upstream test failed its test: connect: it refused the connection\n"


async def test_json_is_an_object_per_line(upstream: UpstreamServer, tmp_path: Path) -> None:
    ended = await run(tmp_path, "test", "--json", "--url", upstream.url)
    assert ended.status == 0
    assert ended.steps["connect"].keys() == {"name", "state", "seconds", "found", "advice"}
    assert ended.steps["unknown name"]["found"] == "answered with 404 Not Found"
    assert isinstance(ended.steps["connect"]["seconds"], float)
    assert ended.steps["sha256"]["seconds"] is None


async def test_json_ends_with_1_too(tmp_path: Path) -> None:
    ended = await run(tmp_path, "test", "--json", "--url", f"http://127.0.0.1:{closed_port()}/")
    assert ended.status == 1
    assert ended.steps["connect"]["state"] == "failed"


@pytest.mark.parametrize("options", [[], ["--json"]])
async def test_steps_appear_as_they_happen(upstream: UpstreamServer, tmp_path: Path, options: list[str]) -> None:
    """Read from the pipe while the upstream holds a later answer back."""
    held = Hold(asyncio.Event())
    upstream.behave("/simple/demo/", held)
    command = ("upstream", "test", *options, "--project", "demo", "--url", upstream.url)
    async with asyncio.timeout(LIMIT_SECONDS), running(tmp_path, *command) as process:
        assert process.stdout is not None
        before = [await process.stdout.readline() for _ in range(4)]
        await held.reached.wait()
        assert b"settings" in before[0]
        assert b"TLS" in before[3]
        held.event.set()
        assert b"credentials" in await process.stdout.readline()
        assert b"project page" in await process.stdout.readline()


async def test_at_a_terminal_it_says_what_is_being_waited_for(upstream: UpstreamServer, tmp_path: Path) -> None:
    held = Hold(asyncio.Event())
    upstream.behave("/simple/demo/", held)
    terminal, end = pty.openpty()
    seen = bytearray()
    loop = asyncio.get_running_loop()
    waits = asyncio.Event()

    def read() -> None:
        seen.extend(os.read(terminal, 4096))
        if "page of demo …".encode() in seen:
            waits.set()

    loop.add_reader(terminal, read)
    command = ("upstream", "test", "--project", "demo", "--url", upstream.url)
    environment = {"TERM": "xterm", "COLUMNS": "100"}
    try:
        async with (
            asyncio.timeout(LIMIT_SECONDS),
            running(tmp_path, *command, environment=environment, output=end) as process,
        ):
            await waits.wait()
            held.event.set()
            assert await process.wait() == 0
    finally:
        loop.remove_reader(terminal)
        os.close(terminal)
        os.close(end)


async def test_ctrl_c_ends_it_at_once(upstream: UpstreamServer, tmp_path: Path) -> None:
    upstream.behave("/simple/demo/", Silence())
    command = ("upstream", "test", "--project", "demo", "--url", upstream.url, "stall_timeout_ms=3600000")
    environment = {"PYPROXY_CACHE__LOOKUP_TIMEOUT": "1h"}
    async with asyncio.timeout(LIMIT_SECONDS), running(tmp_path, *command, environment=environment) as process:
        await upstream.requested("/simple/demo/")
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
    assert process.returncode == 1
    assert b"Traceback" not in errors


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "give one name (pyproxy upstream test NAME, or pyproxy upstream test --url URL KEY=VALUE…)"),
        (["a", "b=c"], "settings can only be given with --url"),
        (["--url", "ftp://index.example.org/"], "url: the URL does not begin with http:// or https://"),
        (
            ["--url", "http://127.0.0.1:1/", "projcts=a"],
            "projcts: is no setting of an upstream (did you mean projects?)",
        ),
        (["--url", "http://127.0.0.1:1/", "secret"], "with --url no name can be given, only KEY=VALUE"),
        (["--url", "http://127.0.0.1:1/", "--project", "a b"], "--project: 'a b' is no project name"),
        (
            ["--url", "http://127.0.0.1:1/", "--project", "other", "projects=my-*"],
            "--project: other is never asked of this upstream: its project patterns leave it out",
        ),
        (["unknown"], "there is no upstream named unknown"),
    ],
)
async def test_wrong_usage_ends_with_2_and_one_line(tmp_path: Path, arguments: list[str], line: str) -> None:
    ended = await run(tmp_path, "test", *arguments)
    assert (ended.status, ended.output) == (2, "")
    assert ended.errors.startswith(f"pyproxy: {line}")
    assert ended.errors.count("\n") == 1


async def test_a_url_is_tested_without_a_storage_directory_and_makes_none(
    upstream: UpstreamServer, tmp_path: Path
) -> None:
    assert (await run(tmp_path, "test", "--url", upstream.url)).status == 0
    assert list(tmp_path.iterdir()) == []


async def test_credentials_in_the_url_are_used_and_never_printed(upstream: UpstreamServer, tmp_path: Path) -> None:
    upstream.username, upstream.password = "me", SECRET
    url = upstream.url.replace("//", f"//me:{SECRET}@")
    for options in ([], ["--json"]):
        assert (await run(tmp_path, "test", "--url", url, *options)).status == 0


async def test_a_stored_secret_is_used_and_never_printed(upstream: UpstreamServer, tmp_path: Path) -> None:
    upstream.bearer = SECRET
    await run(tmp_path, "add", "acme", upstream.url, f"token={SECRET}", "active=no")
    assert (await run(tmp_path, "test", "acme")).status == 0
    upstream.bearer = "another"
    ended = await run(tmp_path, "test", "acme", "--json")
    assert ended.status == 1
    assert ended.steps["credentials"]["advice"].startswith("it does not ask for tokens")
    upstream.behave("/simple/", Redirect(f"http://{SECRET}.example.org/{SECRET}"))
    ended = await run(tmp_path, "test", "acme", "--project", "demo")
    assert "http: redirects" not in ended.output
    assert "***.example.org" in ended.output


async def test_nothing_is_written(upstream: UpstreamServer, tmp_path: Path) -> None:
    await run(tmp_path, "add", "acme", upstream.url, f"token={SECRET}")
    database = tmp_path / "data" / DATABASE_NAME
    before = database.read_bytes()
    await run(tmp_path, "test", "acme")
    assert database.read_bytes() == before


async def test_an_upstream_of_the_configuration_is_tested_before_the_first_start(
    upstream: UpstreamServer, tmp_path: Path
) -> None:
    (tmp_path / "pyproxy.yaml").write_text(f"upstreams: [{{name: first, url: '{upstream.url}'}}]\n")
    ended = await run(tmp_path, "test", "first")
    assert (ended.status, ended.errors) == (0, "")
    assert not (tmp_path / "data").exists()


async def test_projects_that_the_upstream_has_had_are_looked_at(upstream: UpstreamServer, tmp_path: Path) -> None:
    upstream.behave("/simple/", Status(404), times=0)
    await run(tmp_path, "add", "acme", upstream.url)
    await remember(tmp_path / "data", "acme", "demo")
    ended = await run(tmp_path, "test", "acme", "--json")
    assert ended.status == 0
    assert "project list" not in ended.steps


async def remember(directory: Path, name: str, project: Any) -> None:
    """A page of the upstream, as a server would keep it."""
    database = Database.open(directory / DATABASE_NAME)
    try:
        key = UpstreamStore(database, SecretBox.open(directory, {})).get(name).key
        options: dict[str, Any] = {"tag": "t", "body_z": b"", "etag": None, "last_modified": None, "url": "http://x/"}
        await PageStore(database).put_page(key, project, checked_at=1.0, **options)
    finally:
        database.close()


async def test_a_name_that_belongs_to_another_upstream_is_not_sent(upstream: UpstreamServer, tmp_path: Path) -> None:
    """(pain 5)"""
    await run(tmp_path, "add", "private", "https://private.example.org/", "projects=my-*", "active=no")
    ended = await run(tmp_path, "test", "--url", upstream.url, "--project", "my-thing")
    assert ended.status == 2
    assert "it is in the projects of another one" in ended.errors
    assert upstream.requests == []


async def test_a_proxys_password_of_the_environment_is_not_printed(tmp_path: Path) -> None:
    environment = {"http_proxy": f"http://me:{SECRET}@127.0.0.1:{closed_port()}"}
    ended = await run(tmp_path, "test", "--url", "http://index.example.org/", environment=environment)
    assert ended.status == 1
    assert "the outbound proxy refused the connection" in ended.output


async def test_offline_mode_is_mentioned(upstream: UpstreamServer, tmp_path: Path) -> None:
    ended = await run(tmp_path, "test", "--url", upstream.url, environment={"PYPROXY_CACHE__OFFLINE": "true"})
    assert ended.status == 0
    assert ended.errors == "note: cache.offline is on, so the server itself asks no upstream\n"
