"""Virtual environments that hold the real clients; made once, kept in ``.test-venvs/`` of the checkout.

A folder is keyed by its requirements and the Python that made it. They are installed with the machine's own pip
settings, since this is the only step that asks a package index of the machine; delete the folder for newer releases.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
KEPT = CHECKOUT / ".test-venvs"

INSTALLERS = ("pip", "uv")
PYPISERVER = ("pypiserver", "passlib")
DEVPI = ("devpi-server",)
SIMPLE_REPOSITORY_SERVER = ("simple-repository-server",)
POETRY = ("poetry",)
PDM = ("pdm", "pdm[locked]>=2.26")
"""With the releases that PDM itself is tested with: its requirements allow newer ones at which PDM breaks off.

Where the newest PDM pins a release that is gone, pip takes an older PDM: without a bound one from before the extra.
"""
PIPENV = ("pipenv",)
HATCH = ("hatch",)
PIP_TOOLS = ("pip-tools",)
UNEARTH = ("unearth",)
PYPI_SIMPLE = ("pypi-simple",)
TWINE = ("twine",)
KEYRING = ("keyring", "keyrings.alt")
"""The latter keeps secrets in a file: no desktop is needed."""


@dataclass(frozen=True, slots=True)
class Venv:
    """One virtual environment."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def script(self, name: str) -> Path:
        """One of its commands, such as ``uv``."""
        return self.folder / "bin" / name

    def installed(self) -> dict[str, str]:
        """What it holds: distribution name as its author spells it → version."""
        code = "import importlib.metadata as m\nfor d in m.distributions(): print(d.name, d.version)"
        # -I: what the checkout itself has installed lies in the working directory, and is none of it.
        done = subprocess.run([self.python, "-I", "-c", code], capture_output=True, text=True, check=True)
        return dict(line.split() for line in done.stdout.splitlines())


def kept(requirements: Sequence[str]) -> Venv:
    """The environment with these requirements in their latest releases, made now if it is not there yet."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    key = hashlib.sha256("\n".join(sorted(requirements)).encode()).hexdigest()[:12]
    folder = KEPT / f"{requirements[0]}-py{version}-{key}"
    complete = folder / "complete"
    KEPT.mkdir(exist_ok=True)
    # Two test runs at a time are usual (an editor's and a terminal's): one makes it, the other waits.
    with (KEPT / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            pip = [str(folder / "bin" / "python"), "-m", "pip"]
            subprocess.run([*pip, "install", "--quiet", "--upgrade", *requirements], check=True)
            complete.write_text("\n".join(requirements) + "\n", encoding="utf-8")
    return Venv(folder)


def empty(folder: Path) -> Venv:
    """A new environment without anything in it, not even pip."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return Venv(folder)
