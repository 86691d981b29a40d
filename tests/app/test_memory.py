"""How much memory big files take: a bounded amount, however large they are and whoever reads them."""

from __future__ import annotations

import asyncio
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.command import CHECKOUT, Command, children_of
from tests.app.conftest import RunCommand
from tests.app.test_accounts import link_of
from tests.upstream_server import UpstreamServer

SIZE = 100_000_000
FILENAME = "big-1.0.tar.gz"
CLIENTS = 8


def peak_memory(pid: int) -> int:
    """The most bytes of memory that the process has held so far."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


async def read_slowly(command: Command, path: str) -> tuple[int, str]:
    """The length and sha256 of a body, of which nothing is kept here either."""
    reader, writer = await command.connect()
    writer.write(f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
    assert b" 200 " in (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")[0]
    length, digest = 0, hashlib.sha256()
    while piece := await reader.read(1 << 20):
        length += len(piece)
        digest.update(piece)
    writer.close()
    return length, digest.hexdigest()


async def test_a_big_file_takes_no_more_memory_than_its_pieces(
    upstream: UpstreamServer, run_command: RunCommand
) -> None:
    """Cold for all at once, then warm (F32, pain 15)."""
    content = bytes(SIZE)
    sha256 = hashlib.sha256(content).hexdigest()
    upstream.add_file("big", FILENAME, content)
    command = await run_command(upstream=upstream).serves(1)
    (worker,) = children_of(command.pid)
    assert (await command.get("/simple/big/")).status == 200
    before = peak_memory(worker)
    for _ in ("cold", "warm"):
        got = await asyncio.gather(
            *(read_slowly(command, f"/files/big/{sha256}/{FILENAME}") for _ in range(CLIENTS))
        )
        assert set(got) == {(SIZE, sha256)}
    assert upstream.count("/packages/") == 1
    assert peak_memory(worker) - before < 50_000_000


@pytest.mark.parametrize("module", ["cryptography", "readme_renderer", "rich"])
def test_a_server_begins_without_what_few_requests_need(module: str) -> None:
    code = f"import pyproxy.app.lifecycle, sys; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_supervisor_holds_nothing_of_what_only_workers_need() -> None:
    """It is there beside every worker, for as long as the server runs."""
    program = "import sys, pyproxy.commands.serve, pyproxy.app; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=True
    ).stdout.split()
    assert "pyproxy.app.workers" in loaded
    heavy = {"asyncio", "ssl", "_hashlib", "sqlite3", "tornado", "pycurl", "cryptography", "jinja2", "argon2"}
    assert heavy.isdisjoint(loaded)


async def test_a_server_holds_nothing_of_cryptography_from_its_first_start_on(
    upstream: UpstreamServer, run_command: RunCommand
) -> None:
    """Not even while it waits for its first account: there is nothing to decrypt, and idle it takes 10 MB less."""
    upstream.add_file("demo", "demo-1.0-py3-none-any.whl", b"content")
    command = await run_command(upstream=upstream).serves(1)
    for path in ("/simple/demo/", "/admin/", await link_of(command)):
        assert (await command.get(path)).status in (200, 303)
    for pid in (command.pid, *children_of(command.pid)):
        mapped = Path(f"/proc/{pid}/maps").read_text()
        assert "/libc" in mapped, "else this would say nothing"
        assert "/cryptography/" not in mapped
