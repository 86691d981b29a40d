"""``python -m pyproxy`` as a process of its own, watched from the test's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.http.wire import RawAnswer
from tests.waiting import LIMIT_SECONDS

CHECKOUT = Path(__file__).resolve().parents[2]

PATIENT = {"PYPROXY_CACHE__LOOKUP_TIMEOUT": "60s"}
"""For a page that takes seconds to read, and on a busy machine longer than a look-up may take."""


class Command:
    """A started ``pyproxy`` command; what it prints goes to ``output``. The port is the system's choice.

    ``wrapper`` is a command that becomes it, such as ``setpriv …``.
    """

    def __init__(
        self,
        directory: Path,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        number: int,
        stdin: int = subprocess.DEVNULL,
        wrapper: Sequence[str] = (),
    ) -> None:
        self.directory = directory
        self._output = directory / f"output-{number}.txt"
        inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith("PYPROXY_")}
        inherited = {name: value for name, value in inherited.items() if not name.lower().endswith("_proxy")}
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [*wrapper, sys.executable, "-m", "pyproxy", *arguments],
                cwd=directory,
                env={**inherited, "PYTHONPATH": str(CHECKOUT), "PYPROXY_SERVER__PORT": "0", **environment},
                stdin=stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.port = 0

    @property
    def output(self) -> str:
        """All it has printed so far."""
        return self._output.read_text(encoding="utf-8")

    @property
    def pid(self) -> int:
        return self.process.pid

    async def listens(self) -> Command:
        """Wait until it has said where it listens; from then on it can be connected to."""
        await until(lambda: self._announced() or self.process.poll() is not None)
        match = self._announced()
        assert match, f"it ended with {self.process.returncode}: {self.output}"
        self.port = int(match[1])
        return self

    async def serves(self, workers: int, tls: ssl.SSLContext | None = None) -> Command:
        """Wait until it listens, and has so many workers that all serve."""
        await self.listens()
        async with asyncio.timeout(LIMIT_SECONDS):
            assert (await self.get("/healthz", tls=tls)).status == 200
        await until(lambda: len(children_of(self.pid)) == workers and all(map(_serves, children_of(self.pid))))
        return self

    def _announced(self) -> re.Match[str] | None:
        return re.search(r"listens on https?://127\.0\.0\.1:(\d+)/", self.output)

    async def get(self, path: str, *, tls: ssl.SSLContext | None = None, headers: str = "") -> RawAnswer:
        """One request; waits for the server to close."""
        reader, writer = await self.connect(tls)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{headers}\r\n".encode())
        with contextlib.closing(writer):
            return await read_answer(reader)

    async def connect(
        self, tls: ssl.SSLContext | None = None, limit: int = 2**16
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to it."""
        return await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=tls, server_hostname="localhost" if tls else None, limit=limit
        )

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def ended(self) -> int:
        """Its exit status, when it has ended."""
        await until(lambda: self.process.poll() is not None)
        return self.process.returncode

    async def stop(self) -> int:
        """SIGTERM, and its exit status."""
        self.signal(signal.SIGTERM)
        return await self.ended()

    def kill(self) -> None:
        """As a power failure would end it."""
        if self.process.poll() is None:
            kill_with_children(self.pid)
            self.process.wait()


async def until(condition: Callable[[], object], seconds: float = LIMIT_SECONDS) -> None:
    """Wait until it is so; AssertionError if it does not become so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.02)


async def read_answer(reader: asyncio.StreamReader) -> RawAnswer:
    """A whole response, up to the end of the connection."""
    async with asyncio.timeout(LIMIT_SECONDS):
        answer = await reader.read()
    head, _, body = answer.partition(b"\r\n\r\n")
    status_line, _, headers = head.partition(b"\r\n")
    return RawAnswer(int(status_line.split(b" ")[1]), status_line, headers, body)


def children_of(pid: int) -> list[int]:
    """The ids of its child processes."""
    with contextlib.suppress(FileNotFoundError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def kill_with_children(pid: int) -> None:
    """SIGKILL to a process and all that it has started, so that none outlives another and does something still."""
    everybody, last = [pid], 0
    while last < len(everybody):
        with contextlib.suppress(ProcessLookupError):
            os.kill(everybody[last], signal.SIGSTOP)
        everybody += children_of(everybody[last])
        last += 1
    for each in everybody:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def _serves(pid: int) -> bool:
    """Whether a worker has come so far that it waits for connections."""
    with contextlib.suppress(OSError):
        return any(
            "anon_inode:[eventpoll]" in os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()
        )
    return False


def is_running(pid: int) -> bool:
    """Whether a process with this id does anything still (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
