"""What is installed is what runs: every package, the templates and the static files are in the wheel."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_every_package_is_named_in_setup_cfg() -> None:
    """The list is explicit, because templates/ and static/ are mapped into it from the top level."""
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    packages = {path.parent for path in (ROOT / "pyproxy").rglob("*.py")}
    expected = {".".join(path.relative_to(ROOT).parts) for path in packages}
    assert set(setup["options"]["packages"].split()) == {*expected, "pyproxy.templates", "pyproxy.static"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of the working tree, built without a network by the setuptools that runs the tests."""
    # A copy, since setuptools leaves build/ behind, and would put what it finds there into the next wheel.
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in ("pyproxy", "templates", "static"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    code = f"from setuptools import build_meta; print(build_meta.build_wheel({str(target)!r}))"
    built = subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (path,) = target.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_templates_and_static_files(wheel: zipfile.ZipFile) -> None:
    for folder in ("templates", "static"):
        here = {path.relative_to(ROOT / folder).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file()}
        there = {name.removeprefix(f"pyproxy/{folder}/") for name in wheel.namelist() if f"pyproxy/{folder}/" in name}
        assert here == there


def test_the_wheel_holds_every_module_and_the_typing_marker(wheel: zipfile.ZipFile) -> None:
    here = {path.relative_to(ROOT).as_posix() for path in (ROOT / "pyproxy").rglob("*.py")}
    there = {name for name in wheel.namelist() if name.startswith("pyproxy/") and name.endswith(".py")}
    assert here == there
    assert "pyproxy/py.typed" in wheel.namelist()


def test_the_wheel_installs_the_command(wheel: zipfile.ZipFile) -> None:
    (entry_points,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "pyproxy = pyproxy.__main__:main" in wheel.read(entry_points).decode()
