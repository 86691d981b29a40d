"""What all project managers have in common: a user with a home, and a project with an environment in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from .. import venvs
from ..runner import Run, run_alone

HERMETIC = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "UV_NO_CONFIG": "1",
    "UV_PYTHON_DOWNLOADS": "never",
    "VIRTUALENV_NO_PERIODIC_UPDATE": "1",  # else it looks for a newer pip on the public index, behind our back
    "NO_COLOR": "1",
}
"""For the pip, uv and virtualenv that most of them use inside."""

SEEDS = {"pip", "setuptools", "wheel"}
"""What new environments may come with."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool of one imagined user, whose home and project are empty at first."""

    venv: venvs.Venv
    folder: Path
    environ: Mapping[str, str]

    requirements: ClassVar[Sequence[str]]
    """What its own environment consists of."""
    program: ClassVar[str]
    settings: ClassVar[Mapping[str, str]] = {}
    """Variables of its own."""
    tracked: ClassVar[Sequence[str]]
    """The files of a project that people commit."""

    @property
    def project(self) -> Path:
        """Where it runs."""
        return self.folder / "project"

    def run(self, *arguments: str) -> Run:
        """Run the tool in the project."""
        site = {"XDG_CONFIG_DIRS": str(self.folder / "no settings of the machine")}
        environ = {**HERMETIC, **site, **self.settings, **self.environ}
        return run_alone((str(self.venv.script(self.program)), *arguments), self.home, environ, folder=self.project)

    @property
    def home(self) -> Path:
        """The user's home, with all settings and caches."""
        return self.folder / "home"

    def read(self, filename: str) -> str:
        """A file of the project."""
        return (self.project / filename).read_text(encoding="utf-8")

    def write(self, filename: str, text: str) -> None:
        """Write a file of the project."""
        (self.project / filename).write_text(text, encoding="utf-8")

    def check_out(self, colleague: Tool) -> None:
        """Take over what a colleague has committed."""
        for filename in self.tracked:
            shutil.copy(colleague.project / filename, self.project / filename)

    def installed(self) -> dict[str, str]:
        """What the project's environment holds besides its seeds: name → version."""
        found = venvs.Venv(self.project / ".venv").installed()
        return {name: version for name, version in found.items() if name not in SEEDS}
