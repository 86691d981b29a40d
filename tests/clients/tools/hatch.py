"""Hatch, which leaves installing to pip or uv and has no setting of its own for an index."""

from __future__ import annotations

from pathlib import Path

from .. import venvs
from .tool import Tool

PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "consumer"
version = "0"

[tool.hatch.envs.default]
skip-install = true
installer = "{installer}"
path = ".venv"
dependencies = ["greeting", "bare"]
"""


class Hatch(Tool):
    """Hatch whose default environment lies in the project."""

    requirements = venvs.HATCH
    program = "hatch"
    tracked = ("pyproject.toml",)

    def begin(self, installer: str) -> None:
        """A new project whose environments are filled by ``pip`` or ``uv``."""
        self.write("pyproject.toml", PROJECT.format(installer=installer))

    @property
    def built(self) -> list[Path]:
        """What ``hatch build`` has made."""
        return sorted((self.project / "dist").iterdir())


def variables(index_url: str) -> dict[str, str]:
    """What makes both installers ask ``index_url``."""
    return {"PIP_INDEX_URL": index_url, "UV_DEFAULT_INDEX": index_url}
