"""uv and pip as people use them: with empty caches, into empty directories, and without this machine's settings.

Each function gives the seconds that the client took, and raises WrongAnswer where it did not find ``count`` projects;
``None`` is for the public index, the only one beyond this machine that may be asked. uv and pip are installed once,
see ``contestants.environment``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from contestants import environment
from load import PATIENCE_SECONDS, WrongAnswer, require_loopback
from servers import plain_environment

LOCKED_PROJECT = """
[project]
name = "bench"
version = "1.0"
requires-python = ">={python}"
dependencies = {requirements}
"""


def uv_pip_install(index_url: str, requirements: Sequence[str], count: int | None, scratch: Path) -> float:
    """``uv pip install`` into an empty directory."""
    with tempfile.TemporaryDirectory(dir=scratch) as directory:
        arguments = ["pip", "install", "--target", f"{directory}/target", "--index-url", index_url, *requirements]
        seconds = _uv(arguments, index_url, directory, count)
        _require(count, Path(directory, "target").glob("*.dist-info"), index_url)
    return seconds


def uv_pip_compile(index_url: str, requirements: Sequence[str], count: int | None, scratch: Path) -> float:
    """``uv pip compile`` of the requirements."""
    with tempfile.TemporaryDirectory(dir=scratch) as directory:
        wanted, found = Path(directory, "requirements.in"), Path(directory, "requirements.txt")
        wanted.write_text("\n".join(requirements))
        arguments = ["pip", "compile", "--no-header", "--no-annotate", "--output-file", str(found), str(wanted)]
        seconds = _uv([*arguments, "--index-url", index_url], index_url, directory, count)
        _require(count, found.read_text().split(), index_url)
    return seconds


def uv_lock(index_url: str, requirements: Sequence[str], count: int | None, scratch: Path) -> float:
    """``uv lock`` of a project that has these requirements and no build system."""
    with tempfile.TemporaryDirectory(dir=scratch) as directory:
        Path(directory, "pyproject.toml").write_text(_project(requirements))
        seconds = _uv(["lock", "--default-index", index_url], index_url, directory, count)
        locked = tomllib.loads(Path(directory, "uv.lock").read_text())["package"]
        _require(count and count + 1, locked, index_url)  # the project itself is among them
    return seconds


def pip_install(index_url: str, requirements: Sequence[str], count: int | None, scratch: Path) -> float:
    """``pip install`` into an empty directory, without compiling what it installs."""
    with tempfile.TemporaryDirectory(dir=scratch) as directory:
        arguments = ["install", "--no-compile", "--target", f"{directory}/target", *requirements]
        seconds = _pip(arguments, index_url, directory, count)
        _require(count, Path(directory, "target").glob("*.dist-info"), index_url)
    return seconds


def pip_download(index_url: str, requirements: Sequence[str], count: int | None, scratch: Path) -> float:
    """``pip download`` into an empty directory."""
    with tempfile.TemporaryDirectory(dir=scratch) as directory:
        seconds = _pip(["download", "-d", f"{directory}/wheels", *requirements], index_url, directory, count)
        _require(count, Path(directory, "wheels").glob("*.whl"), index_url)
    return seconds


def _project(requirements: Sequence[str]) -> str:
    python = ".".join(map(str, sys.version_info[:2]))
    return LOCKED_PROJECT.format(requirements=list(requirements), python=python)


def _uv(arguments: Sequence[str], index_url: str, directory: str, count: int | None) -> float:
    uv = environment("uv", "uv") / "bin/uv"
    options = ["-q", "--no-config", "--cache-dir", f"{directory}/cache", "--python", sys.executable]
    return _timed([str(uv), *arguments, *options], index_url, directory, count)


def _pip(arguments: Sequence[str], index_url: str, directory: str, count: int | None) -> float:
    python = environment("pip", "pip") / "bin/python"
    command = [str(python), "-m", "pip", "--isolated", "--disable-pip-version-check", *arguments]
    options = ["-q", "--no-cache-dir", "--only-binary", ":all:", "--index-url", index_url]
    return _timed([*command, *options], index_url, directory, count)


def _timed(command: Sequence[str], index_url: str, directory: str, count: int | None) -> float:
    if count is not None:
        require_loopback(index_url)
    settings = {**plain_environment(), "PIP_CONFIG_FILE": "/dev/null"}
    began = time.monotonic()
    done = subprocess.run(
        command, env=settings, cwd=directory, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )  # fmt: skip
    seconds = time.monotonic() - began
    if done.returncode:
        raise WrongAnswer(f"{' '.join(command[:4])} failed with {index_url}: {done.stderr[-2000:]}")
    return seconds


def _require(count: int | None, found: Iterable[object], index_url: str) -> None:
    number = len(list(found))
    if not number or (count is not None and number != count):
        raise WrongAnswer(f"{number} projects instead of {count} from {index_url}")
