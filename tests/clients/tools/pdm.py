"""PDM, as people use it in a project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from .. import venvs
from .tool import Tool

PROJECT = """\
[project]
name = "consumer"
version = "0"
requires-python = ">=3.11,<4"
dependencies = [{dependencies}]

[tool.pdm]
distribution = false
"""

SOURCE = """
[[tool.pdm.source]]
name = "pypi"
url = "{index_url}"
verify_ssl = false
"""


class Pdm(Tool):
    """PDM with an environment in the project."""

    requirements = venvs.PDM
    program = "pdm"
    settings: ClassVar[Mapping[str, str]] = {"PDM_CHECK_UPDATE": "false"}
    tracked = ("pyproject.toml", "pdm.lock")

    def begin(self, dependencies: Sequence[str] = (), index_url: str | None = None) -> None:
        """A new project, with pyproxy in place of PDM's built-in source where ``index_url`` is given."""
        quoted = ", ".join(f'"{dependency}"' for dependency in dependencies)
        source = SOURCE.format(index_url=index_url) if index_url else ""
        self.write("pyproject.toml", PROJECT.format(dependencies=quoted) + source)
