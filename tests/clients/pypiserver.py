"""A private index as many companies run one: pypiserver with a password on everything."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from .process import ServerProcess
from .venvs import Venv


class PypiServer(ServerProcess):
    """Serves ``packages`` to ``username`` only.

    ``fallback`` is pypiserver's default for unknown projects, a redirect to the public PyPI; off: 404.
    """

    username = "builder"
    password = "correct horse:battery"  # a colon in a password must survive Basic authentication

    def __init__(self, folder: Path, venv: Venv, *, fallback: bool = False) -> None:
        super().__init__(folder)
        self._venv = venv
        self._fallback = fallback
        self.packages = folder / "packages"
        self.packages.mkdir(parents=True)

    def add(self, filename: str, content: bytes) -> None:
        """Put a distribution file into the served folder."""
        (self.packages / filename).write_bytes(content)

    def command(self) -> Sequence[str]:
        """Writes the password file as well."""
        digest = base64.b64encode(hashlib.sha1(self.password.encode()).digest()).decode()
        passwords = self.folder / "htpasswd"
        passwords.write_text(f"{self.username}:{{SHA}}{digest}\n", encoding="utf-8")
        listen = ["-i", "127.0.0.1", "-p", str(self.port)]
        protection = ["-P", str(passwords), "-a", "list,download,update"]
        fallback = [] if self._fallback else ["--disable-fallback"]
        program = str(self._venv.script("pypi-server"))
        return [program, "run", *listen, *protection, "--hash-algo", "sha256", *fallback, str(self.packages)]
