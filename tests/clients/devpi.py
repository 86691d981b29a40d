"""devpi-server with one private index, filled as its users fill it: with twine."""

from __future__ import annotations

import base64
import json
import subprocess
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .process import ServerProcess
from .venvs import Venv


class DevpiServer(ServerProcess):
    """Has the index ``team/main``; readable by everybody, as devpi's indexes are.

    ``core_metadata`` switches on devpi's own experimental support of metadata files.
    """

    probe_path = "/+api"
    username = "team"
    password = "correct horse:battery"
    index = "team/main"

    def __init__(self, folder: Path, devpi: Venv, twine: Venv, *, core_metadata: bool = False) -> None:
        super().__init__(folder)
        self._devpi, self._twine = devpi, twine
        self._core_metadata = core_metadata
        self._data = folder / "devpi"

    @property
    def index_url(self) -> str:
        """``http://127.0.0.1:PORT/team/main/+simple/``"""
        return f"{self.url}/{self.index}/+simple/"

    @property
    def base_url(self) -> str:
        """``http://127.0.0.1:PORT/team/main``: the address that devpi's users know their index by."""
        return f"{self.url}/{self.index}"

    def command(self) -> Sequence[str]:
        """Makes its database as well, at the first time."""
        if not self._data.exists():
            made = [self._devpi.script("devpi-init"), "--serverdir", self._data, "--no-root-pypi"]
            subprocess.run(made, env=self.environment(), check=True, capture_output=True)
        listen = ["--host", "127.0.0.1", "--port", str(self.port), "--threads", "8"]
        metadata = ["--enable-core-metadata"] if self._core_metadata else []
        return [str(self._devpi.script("devpi-server")), "--serverdir", str(self._data), *listen, *metadata]

    def make_index(self) -> None:
        """The user and the index, by devpi's own JSON API; once, on a running server."""
        self._call("PUT", self.username, {"password": self.password})
        login = self._call("POST", "+login", {"user": self.username, "password": self.password})
        pair = f"{self.username}:{login['result']['password']}"
        token = {"X-Devpi-Auth": base64.b64encode(pair.encode()).decode()}
        self._call("PUT", self.index, {"type": "stage", "bases": [], "volatile": True}, token)

    def upload(self, filename: str, content: bytes) -> None:
        """``twine upload`` of one distribution."""
        path = self.folder / "dist" / filename
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        account = ["-u", self.username, "-p", self.password, "--repository-url", f"{self.base_url}/"]
        options = ["--non-interactive", "--disable-progress-bar", "--config-file", "/dev/null"]
        command = [self._twine.script("twine"), "upload", *options, *account, path]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def _call(self, method: str, path: str, document: Mapping[str, Any], headers: Mapping[str, str] = {}) -> Any:
        request = urllib.request.Request(
            f"{self.url}/{path}",
            data=json.dumps(document).encode(),
            headers={"Content-Type": "application/json", "Accept": "application/json", **headers},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
