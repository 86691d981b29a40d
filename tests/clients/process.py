"""A server as a child process on loopback: started, waited for, stopped by its own id, its log kept."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.app.command import kill_with_children

START_LIMIT_SECONDS = 120
STOP_LIMIT_SECONDS = 60
"""End what hangs; never a measurement."""
POLL_SECONDS = 0.05


def free_port() -> int:
    """A loopback port that nobody listens on now.

    Below those that the system gives away by itself, or somebody else had it while a server of ours starts again.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class ServerProcess:
    """Base of the servers under test; a subclass gives ``command``, ``environment`` and ``probe_path``.

    ``scheme`` is what it is probed with; certificates are not looked at for that.

    The port stays the same over ``stop`` and ``start``, as an administrator's restart would keep it.
    """

    probe_path = "/"
    scheme = "http"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.log_path = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        """The command line."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        """All its environment variables."""
        return os.environ

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``"""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def index_url(self) -> str:
        """What is given to a client as its index URL."""
        return f"{self.url}/simple/"

    @property
    def log(self) -> str:
        """All it has printed so far, over every start."""
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""

    @property
    def running(self) -> bool:
        """Whether it was started, and not stopped since."""
        return self._process is not None

    def start(self) -> Self:
        """Start and return once it answers HTTP; RuntimeError with the log if it does not."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), env=self.environment(), cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while not self._answers():
            ended = self._process.poll()
            if ended is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"{type(self).__name__} did not start (exit status {ended})\n{self.log}")
            time.sleep(POLL_SECONDS)
        return self

    def stop(self) -> int:
        """SIGTERM; the exit status. AssertionError if it does not end (then it is killed)."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{type(self).__name__} still runs long after SIGTERM\n{self.log}") from None
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL, as a power failure would end it; nothing if it does not run."""
        if self._process is not None:
            if self._process.poll() is None:
                kill_with_children(self._process.pid)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        connection: http.client.HTTPConnection
        if self.scheme == "https":
            unverified = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=unverified)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", self.probe_path)
            return connection.getresponse().status < 500
        except OSError:
            return False
        finally:
            connection.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A second error would hide the test's own.
        if error is None:
            self.stop()
        else:
            self.kill()
