"""pipenv, as people use it in a project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from .. import venvs
from .tool import Tool

PACKAGES = """\
[packages]
greeting = "*"
bare = "*"
"""

SOURCE = """\
[[source]]
name = "pyproxy"
url = "{index_url}"
verify_ssl = false

"""


class Pipenv(Tool):
    """pipenv with an environment in the project."""

    requirements = venvs.PIPENV
    program = "pipenv"
    settings: ClassVar[Mapping[str, str]] = {
        "PIPENV_VENV_IN_PROJECT": "1",
        "PIPENV_NOSPIN": "1",
        "PIPENV_IGNORE_VIRTUALENVS": "1",
    }
    tracked = ("Pipfile", "Pipfile.lock")

    def begin(self, index_url: str | None = None) -> None:
        """A new project that wants the catalogue, from pyproxy only where ``index_url`` is given."""
        source = SOURCE.format(index_url=index_url) if index_url else ""
        self.write("Pipfile", source + PACKAGES)
