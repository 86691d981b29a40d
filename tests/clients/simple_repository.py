"""simple-repository-server over a folder of files: JSON with sizes, upload times and metadata, but without hashes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .process import ServerProcess
from .venvs import Venv


class SimpleRepositoryServer(ServerProcess):
    """Serves ``packages/<project>/<file>`` to everybody."""

    probe_path = "/simple/"

    def __init__(self, folder: Path, venv: Venv) -> None:
        super().__init__(folder)
        self._venv = venv
        self.packages = folder / "packages"
        self.packages.mkdir(parents=True)

    def add(self, project: str, filename: str, content: bytes) -> None:
        """Put a distribution file into the folder of its project."""
        (self.packages / project).mkdir(exist_ok=True)
        (self.packages / project / filename).write_bytes(content)

    def command(self) -> Sequence[str]:
        program = str(self._venv.script("simple-repository-server"))
        return [program, "--host", "127.0.0.1", "--port", str(self.port), str(self.packages)]
