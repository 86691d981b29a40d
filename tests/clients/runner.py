"""Run clients hermetically: nothing of the machine's own settings, caches or credentials reaches them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import venvs

RUN_LIMIT_SECONDS = 300
"""Ends a client that hangs; never a measurement."""

PROJECT = """\
[project]
name = "consumer"
version = "0"
requires-python = ">=3.11"
dependencies = [{dependencies}]
"""


@dataclass(frozen=True, slots=True)
class Run:
    """How one command ended."""

    command: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All it printed."""
        return self.out + self.err

    def succeeded(self) -> Run:
        """This run; AssertionError with the whole output if the command failed."""
        assert self.code == 0, f"{' '.join(self.command)} ended with {self.code}\n{self.text}"
        return self

    def failed(self) -> Run:
        """This run; AssertionError if the command went well."""
        assert self.code != 0, f"{' '.join(self.command)} should have failed\n{self.text}"
        return self


@dataclass(frozen=True, slots=True)
class Client:
    """pip and uv of one imagined user: a home, a target environment, client caches of their own.

    ``folder`` is empty at first; ``environ`` is added to the few variables they get (``HTTP_PROXY`` of a recorder).
    """

    installers: venvs.Venv
    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def target(self) -> venvs.Venv:
        """The environment that is installed into, made at the first use."""
        folder = self.folder / "target"
        return venvs.Venv(folder) if folder.exists() else venvs.empty(folder)

    @property
    def downloads(self) -> Path:
        """Where ``pip_download`` puts files."""
        return self.folder / "downloads"

    @property
    def project(self) -> Path:
        """The project folder of ``uv_lock``."""
        return self.folder / "project"

    def pip_install(self, index_url: str, *args: str) -> Run:
        """``pip install`` into the target."""
        return self._pip("install", index_url, args)

    def pip_download(self, index_url: str, *args: str) -> Run:
        """``pip download`` into ``downloads``."""
        return self._pip("download", index_url, ("--dest", str(self.downloads), *args))

    def uv_pip_install(self, index_url: str, *args: str) -> Run:
        """``uv pip install`` into the target."""
        return self._uv(("pip", "install", "--python", str(self.target.python)), index_url, args)

    def uv_pip_compile(self, index_url: str, requirements: Sequence[str], *args: str) -> Run:
        """``uv pip compile`` of these requirements; the result is in ``out``."""
        wanted = self.folder / "requirements.in"
        wanted.parent.mkdir(parents=True, exist_ok=True)
        wanted.write_text("".join(f"{line}\n" for line in requirements), encoding="utf-8")
        return self._uv(("pip", "compile", "--python", str(self.target.python), str(wanted)), index_url, args)

    def uv_lock(self, index_url: str, dependencies: Sequence[str], *args: str) -> Run:
        """``uv lock`` of a project with these dependencies; ``project / "uv.lock"`` is the result."""
        self.project.mkdir(parents=True, exist_ok=True)
        quoted = ", ".join(f'"{dependency}"' for dependency in dependencies)
        (self.project / "pyproject.toml").write_text(PROJECT.format(dependencies=quoted), encoding="utf-8")
        command = ("lock", "--python", str(self.target.python), "--project", str(self.project))
        return self._uv(command, index_url, args)

    def uv_sync_frozen(self, index_url: str, *args: str) -> Run:
        """``uv sync --frozen`` of the locked project, into its own ``.venv``."""
        command = ("sync", "--frozen", "--python", str(self.target.python), "--project", str(self.project))
        return self._uv(command, index_url, args)

    def _pip(self, command: str, index_url: str, args: Sequence[str]) -> Run:
        # --trusted-host: pip's own HTTP cache works on https and on trusted hosts only.
        general = ("--isolated", "--no-input", "--disable-pip-version-check", "--cache-dir", str(self.folder / "pip"))
        pip = (str(self.installers.python), "-m", "pip", "--python", str(self.target.python), *general)
        return self._run((*pip, command, "--index-url", index_url, "--trusted-host", "127.0.0.1", *args))

    def _uv(self, command: Sequence[str], index_url: str, args: Sequence[str]) -> Run:
        general = ("--no-config", "--no-progress", "--cache-dir", str(self.folder / "uv"))
        uv = str(self.installers.script("uv"))
        return self._run((uv, *command, *general, "--default-index", index_url, *args))

    def _run(self, command: Sequence[str]) -> Run:
        settings = {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never"}
        return run_alone(command, self.folder / "home", {**settings, **self.environ})


def run_alone(command: Sequence[str], home: Path, environ: Mapping[str, str], *, folder: Path | None = None) -> Run:
    """Run a command that gets nothing of the machine's but the few variables a program needs, and ``environ``.

    ``home`` is made and is its home; it runs in ``folder``, or else there.
    """
    home.mkdir(parents=True, exist_ok=True)
    # A short list of what is let in, so that no PIP_*, UV_*, *_PROXY or netrc of the machine can matter.
    passed = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    done = subprocess.run(
        command, env={**passed, "HOME": str(home), **environ}, cwd=folder or home, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=RUN_LIMIT_SECONDS, check=False,
    )  # fmt: skip
    return Run(tuple(command), done.returncode, done.stdout, done.stderr)
