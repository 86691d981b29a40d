"""Poetry, as people use it in a project."""

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

[tool.poetry]
package-mode = false
"""

SOURCE = """
[[tool.poetry.source]]
name = "pyproxy"
url = "{index_url}"
priority = "primary"
"""


class Poetry(Tool):
    """Poetry with an environment in the project and without a keyring."""

    requirements = venvs.POETRY
    program = "poetry"
    settings: ClassVar[Mapping[str, str]] = {
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        "POETRY_KEYRING_ENABLED": "false",
        "POETRY_NO_INTERACTION": "1",
    }
    tracked = ("pyproject.toml", "poetry.lock")

    def begin(self, dependencies: Sequence[str] = (), index_url: str | None = None) -> None:
        """A new project, with pyproxy as its only source where ``index_url`` is given."""
        quoted = ", ".join(f'"{dependency}"' for dependency in dependencies)
        source = SOURCE.format(index_url=index_url) if index_url else ""
        self.write("pyproject.toml", PROJECT.format(dependencies=quoted) + source)
