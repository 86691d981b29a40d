"""The image: what its Dockerfile promises, checked without building it, and its health check as it runs."""

from __future__ import annotations

import asyncio
import fnmatch
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from pyproxy import __version__
from pyproxy.config import load
from tests.app.conftest import RunCommand
from tests.app.pairs import Place
from tests.upstream_server import closed_port

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "deploy" / "docker"


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order, continued lines joined, without comments."""
    text = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = lines.replace("\\\n", " ")
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]  # type: ignore[misc]


def values(name: str) -> list[str]:
    return [value for instruction, value in instructions() if instruction == name]


def environment() -> dict[str, str]:
    (line,) = values("ENV")
    return dict(word.split("=", 1) for word in shlex.split(line))


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps the path from the build: the last pattern that names it or a folder of it decides."""
    decided = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern, keeps = line.lstrip("!"), line.startswith("!")
        parents = [path, *(str(parent) for parent in Path(path).parents)]
        if any(fnmatch.fnmatch(each, pattern) for each in parents):
            decided = not keeps
    return decided


def test_every_source_that_is_copied_is_there_and_not_ignored() -> None:
    sources = [source for line in values("COPY") if not line.startswith("--from=") for source in shlex.split(line)[:-1]]
    assert {"pyproxy", "templates", "static", "setup.cfg", "pyproject.toml"} <= set(sources)
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert [source for source in sources if ignored(source)] == []
    assert ignored("data/secret.key")
    assert ignored("deploy/docker/pyproxy.env")


def test_what_the_package_is_built_from_is_copied() -> None:
    """setup.cfg maps these folders into the wheel, and reads these files."""
    sources = {source for line in values("COPY") for source in shlex.split(line)[:-1]}
    setup = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    folders = re.findall(r"^    pyproxy[\w.]* = (\w+)$", setup, flags=re.MULTILINE)
    assert folders
    assert {*folders, "README.md", "LICENSE"} <= sources


def test_what_is_copied_makes_the_whole_package(tmp_path: Path) -> None:
    """As ``pip install .`` in the image does, but from this machine's setuptools and without the dependencies."""
    source, target = tmp_path / "src", tmp_path / "dist"
    for line in values("COPY"):
        if "--from=" in line or "/opt/" in line:
            continue
        *names, place = shlex.split(line)
        for name in names:
            goal = source / (place if (ROOT / name).is_dir() else Path(place) / name)
            goal.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, goal, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, goal)
    code = f"from setuptools import build_meta; build_meta.build_wheel({str(target)!r})"
    built = subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = target.glob(f"pyproxy-{__version__}-*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {"pyproxy/__main__.py", "pyproxy/templates/home.html", "pyproxy/static/pyproxy.css"} <= held


def test_it_runs_as_a_user_with_a_fixed_id() -> None:
    (user,) = values("USER")
    assert user == "10001:10001"
    created = " ".join(values("RUN"))
    assert "--uid 10001" in created
    assert "-o 10001 -g 10001" in created


def test_the_server_is_the_process_that_gets_the_signal() -> None:
    """The exec form: a shell would keep SIGTERM to itself."""
    assert values("STOPSIGNAL") == ["SIGTERM"]
    assert values("ENTRYPOINT") == ['["/opt/pyproxy/bin/pyproxy"]']
    assert values("CMD") == ['["serve"]']


def test_port_and_volume_are_those_of_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DOCKER)
    config = load(DOCKER / "pyproxy.yaml", environment(), {}).config
    assert (config.server.host, f"{config.server.port}") == ("0.0.0.0", values("EXPOSE")[0])
    assert str(config.storage.directory) == values("VOLUME")[0]


async def healthy(**variables: str) -> tuple[int | None, str]:
    """How the image's health check ends with these environment variables."""
    check = await asyncio.create_subprocess_exec(
        sys.executable,
        str(DOCKER / "healthcheck.py"),
        env={"PATH": os.environ["PATH"], **variables},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await check.communicate()
    return check.returncode, said.decode()


async def test_the_health_check_asks_the_server_itself(run_command: RunCommand) -> None:
    """Also where everything else goes through an outbound proxy."""
    command = await run_command().listens()
    nowhere = f"http://127.0.0.1:{closed_port()}"
    assert await healthy(PYPROXY_SERVER__PORT=str(command.port), http_proxy=nowhere, HTTP_PROXY=nowhere) == (0, "")
    await command.stop()
    code, said = await healthy(PYPROXY_SERVER__PORT=str(command.port))
    assert code == 1
    assert f"http://127.0.0.1:{command.port}/healthz" in said
    assert "Traceback" not in said


async def test_the_health_check_speaks_tls_where_the_server_does(run_command: RunCommand, tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.put(*place.issue("pypi.example.com"))
    command = await run_command(**place.environ).listens()
    assert await healthy(PYPROXY_SERVER__PORT=str(command.port), **place.environ) == (0, "")


def compose() -> dict[str, Any]:
    service: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
    return service


def test_compose_builds_this_dockerfile_and_keeps_its_volume() -> None:
    service = compose()["services"]["pyproxy"]
    context = (DOCKER / service["build"]["context"]).resolve()
    assert context == ROOT
    assert (context / service["build"]["dockerfile"]) == DOCKER / "Dockerfile"
    mounts = dict(mount.split(":")[:2] for mount in service["volumes"])
    assert mounts["data"] == values("VOLUME")[0]
    assert "data" in compose()["volumes"]
    assert mounts["./pyproxy.yaml"] == "/etc/pyproxy/pyproxy.yaml"
    assert service["ports"] == [f"8080:{values('EXPOSE')[0]}"]


def test_compose_gives_it_no_more_than_it_needs() -> None:
    service = compose()["services"]["pyproxy"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert [place.split(":")[0] for place in service["tmpfs"]] == ["/tmp"]
    assert int(service["stop_grace_period"].rstrip("s")) > 10
    assert service["restart"] == "unless-stopped"


def test_compose_has_the_images_health_check() -> None:
    (check,) = values("HEALTHCHECK")
    command = yaml.safe_load(check.partition("CMD ")[2])
    assert compose()["services"]["pyproxy"]["healthcheck"]["test"] == ["CMD", *command]
    assert command[1] == shlex.split(next(line for line in values("COPY") if "healthcheck.py" in line))[-1]


def test_the_example_of_secrets_names_what_the_files_use() -> None:
    (listed,) = compose()["services"]["pyproxy"]["env_file"]
    assert listed["required"] is False
    example = (DOCKER / f"{listed['path']}.example").read_text(encoding="utf-8")
    given = set(re.findall(r"^([A-Z_]+)=", example, flags=re.MULTILINE))
    wanted = set(re.findall(r"\$\{([A-Z_]+)\}", (DOCKER / "pyproxy.yaml").read_text(encoding="utf-8")))
    assert wanted
    assert given == {*wanted, "PYPROXY_SECRET_KEY"}
