"""pyproxy itself, as people start it: ``python -m pyproxy --config FILE``."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from .process import ServerProcess
from .venvs import CHECKOUT


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered; ``headers`` is looked up in any case."""

    status: int
    reason: str
    headers: Message
    body: bytes


class PyproxyServer(ServerProcess):
    """One server with a storage directory of its own; ``config`` is what stands in pyproxy.yaml.

    ``server.port``, ``server.host`` and ``storage.directory`` are filled in. ``config`` may be changed between
    ``stop`` and ``start``. ``machine_network`` leaves it the machine's proxy and certificate settings.
    """

    probe_path = "/healthz"

    def __init__(self, folder: Path, config: Mapping[str, Any], *, machine_network: bool = False) -> None:
        super().__init__(folder)
        self.config = dict(config)
        self._machine_network = machine_network

    @property
    def storage(self) -> Path:
        """Its storage directory."""
        return self.folder / "data"

    def command(self) -> Sequence[str]:
        """Writes the configuration file as well."""
        whole = {**self.config}
        whole["server"] = {"host": "127.0.0.1", "port": self.port, **whole.get("server", {})}
        whole["storage"] = {"directory": str(self.storage), "min_free": "1MB", **whole.get("storage", {})}
        path = self.folder / "pyproxy.yaml"
        path.write_text(yaml.safe_dump(whole, sort_keys=False), encoding="utf-8")
        return [sys.executable, "-m", "pyproxy", "--config", str(path)]

    def restart_with(self, **sections: Any) -> None:
        """Stop, and start on the same port and files with other sections of pyproxy.yaml."""
        self.stop()
        self.config.update(sections)
        self.start()

    def environment(self) -> Mapping[str, str]:
        """The machine's, without overrides of the configuration and without outbound proxies."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYPROXY_")}
        if not self._machine_network:
            kept = {name: value for name, value in kept.items() if not name.lower().endswith("_proxy")}
        return {**kept, "PYTHONPATH": str(CHECKOUT), "PYTHONUNBUFFERED": "1"}

    def stop(self) -> int:
        """As for every server; a traceback in the log is an AssertionError too."""
        status = super().stop()
        assert "Traceback (most recent call last)" not in self.log, self.log
        return status

    def run(self, *arguments: str, input: str = "") -> subprocess.CompletedProcess[str]:
        """A command of pyproxy with this server's configuration, such as ``run("upstream", "list")``."""
        return subprocess.run(
            [*self.command(), *arguments], env=self.environment(), cwd=self.folder, input=input,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def add_token(self, name: str, role: str = "read") -> str:
        """A new token, made by the command beside the server."""
        done = self.run("token", "add", name, "--role", role)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def add_account(self, name: str, password: str) -> None:
        """A new account, made by the command beside the server."""
        done = self.run("user", "add", name, input=f"{password}\n{password}\n")
        assert done.returncode == 0, done.stderr

    def index_url_of(self, name: str, password: str | None = None) -> str:
        """The index URL with a user name in it, and a password."""
        given = name if password is None else f"{name}:{quote(password, safe='')}"
        return self.index_url.replace("://", f"://{given}@", 1)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET without a client library between: the path is sent as it is given."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, response.reason, response.headers, response.read())
        finally:
            connection.close()
