"""A server that is killed in the middle of downloads: what it left behind is swept, and nothing wrong is served."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import signal
import socket
import sys
from pathlib import Path

from tests.app.command import children_of, is_running
from tests.distributions import make_wheel
from tests.http.calls import address
from tests.net.scripted_bodies import until
from tests.upstream_server import Hold, UpstreamServer

ROOT = Path(__file__).resolve().parent.parent.parent
FILENAME, CONTENT, _ = make_wheel("demo", "1.0", size=3_000_000)
PATH = address("demo", FILENAME, CONTENT)


class Killable:
    """A server of its own on one storage directory: a supervisor and its worker, killed together."""

    def __init__(self, directory: Path, upstream: UpstreamServer) -> None:
        self._directory = directory
        self._config = directory / "pyproxy.yaml"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._config.write_text(
            f"server: {{port: {self.port}}}\n"
            f"storage: {{directory: {directory / 'storage'}, min_free: 0}}\n"
            f"upstreams: [{{name: first, url: {upstream.url}}}]\n"
        )
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PYPROXY_")}
        with (self._directory / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "pyproxy", "--config", str(self._config)),
                cwd=ROOT,
                env=environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while not await self._answers():
            assert self._process.returncode is None, (self._directory / "log").read_text()
            await asyncio.sleep(0.02)

    async def kill(self) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            workers = children_of(self._process.pid)
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
            await until(lambda: not any(is_running(pid) for pid in workers))

    async def get(self, path: str) -> bytes:
        """Everything the server sends; what came before the end, if the connection breaks."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        received = bytearray()
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            while piece := await reader.read(65536):
                received += piece
        except ConnectionError:
            pass
        finally:
            writer.close()
        return bytes(received)

    async def _answers(self) -> bool:
        try:
            return b" 200 " in await self.get("/healthz")
        except OSError:
            return False

    def content_files(self) -> list[Path]:
        pattern = re.compile(r"[0-9a-f]{64}")
        return [path for path in (self._directory / "storage" / "files").rglob("*") if pattern.fullmatch(path.name)]

    def temporary_files(self) -> list[Path]:
        return [path for path in (self._directory / "storage" / "tmp").rglob("*") if path.is_file()]


async def test_killed_in_the_middle_of_a_download(upstream: UpstreamServer, tmp_path: Path) -> None:
    """(pain 1) (F1) At several offsets, also with all but the last byte on the disk."""
    upstream.add_file("demo", FILENAME, CONTENT)
    server = Killable(tmp_path, upstream)
    await server.start()
    try:
        for after in (1, 1_000_000, len(CONTENT) - 1):
            hold = Hold(asyncio.Event(), after=after)
            upstream.behave("/packages/", hold, times=1)
            asking = asyncio.create_task(server.get(PATH))
            await hold.reached.wait()
            await server.kill()
            assert len(await asking) < len(CONTENT)
            assert server.content_files() == []
            await server.start()
            assert server.temporary_files() == [], "the next start sweeps"
        answer = await server.get(PATH)
        assert answer.endswith(b"\r\n\r\n" + CONTENT)
    finally:
        await server.kill()


async def test_killed_at_the_moment_the_last_byte_is_given(upstream: UpstreamServer, tmp_path: Path) -> None:
    """(pain 1) Kept or not: what the next start serves is right, and what it keeps is whole."""
    upstream.add_file("demo", FILENAME, CONTENT)
    server = Killable(tmp_path, upstream)
    try:
        for _ in range(3):
            await server.start()
            assert (await server.get(PATH)).endswith(b"\r\n\r\n" + CONTENT)
            await server.kill()
            for path in server.content_files():
                assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
        await server.start()
        assert (await server.get(PATH)).endswith(b"\r\n\r\n" + CONTENT)
    finally:
        await server.kill()
