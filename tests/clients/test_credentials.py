"""A server that wants to know who installs: the lines of its front page, copied into a shell."""

from __future__ import annotations

import contextlib
import re
import stat
import time
from collections.abc import Mapping
from html import unescape
from pathlib import Path

import pytest

from pyproxy.admin.accounts.random_tokens import API_PREFIX, new_token, token_hash
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.tokens import TokenStore

from . import runner, venvs
from .conftest import StartPyproxy
from .runner import Run, run_alone
from .server import PyproxyServer
from .tools import poetry
from .upstream_thread import UpstreamThread

pytestmark = pytest.mark.clients

class Visitor:
    """Somebody with a shell, pip, uv and Poetry, an empty home, and the front page before them."""

    def __init__(self, server: PyproxyServer, folder: Path) -> None:
        self.home, self.token = folder, new_token(API_PREFIX)
        with contextlib.closing(Database.open(server.storage / DATABASE_NAME)) as database:
            TokenStore(database).add(
                "ci", "read", token_hash(self.token), now=time.time(), created_by="ada", expires_at=None,
                witness=lambda _: None,
            )  # fmt: skip
        page = server.get("/", {"Accept": "text/html"}).body.decode()
        found = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.DOTALL)
        self.blocks = [unescape(block).replace("TOKEN", self.token) for block in found]
        self.target = venvs.empty(folder / "target")

    def block(self, beginning: str) -> str:
        """The first block that begins so."""
        return next(block for block in self.blocks if block.startswith(beginning))

    def write_netrc(self) -> None:
        path = self.home / ".netrc"
        path.write_text(self.block("machine ") + "\n", encoding="utf-8")
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)

    def shell(self, script: str, environ: Mapping[str, str] = {}, folder: Path | None = None) -> Run:
        """Run lines, with pip and uv at hand that install into an environment of their own."""
        kept = [venvs.kept(each).folder for each in (venvs.INSTALLERS, venvs.POETRY, venvs.PDM, venvs.PIPENV)]
        path = ":".join([*(f"{folder}/bin" for folder in kept), "/usr/bin", "/bin"])
        settings = {
            "PATH": path, "PIP_PYTHON": str(self.target.python), "PIP_NO_INPUT": "1", "PIP_NO_CACHE_DIR": "1",
            "UV_NO_CACHE": "1", "UV_PYTHON_DOWNLOADS": "never", "UV_PYTHON": str(self.target.python),
            "POETRY_KEYRING_ENABLED": "false", "POETRY_NO_INTERACTION": "1", "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        }  # fmt: skip
        return run_alone(("sh", "-eu", "-c", script), self.home, {**settings, **environ}, folder=folder)

    def installed(self) -> set[str]:
        return set(self.target.installed())


@pytest.fixture
def visitor(upstream: UpstreamThread, start_pyproxy: StartPyproxy, tmp_path: Path) -> Visitor:
    upstream.publish_wheel("requests", "1.0")
    upstream.publish_wheel("other", "1.0")
    server = start_pyproxy({"name": "scripted", "url": upstream.url}, access={"anonymous_read": False})
    return Visitor(server, tmp_path / "visitor")


def uv_project(visitor: Visitor) -> Path:
    folder = visitor.home / "project"
    folder.mkdir()
    text = f"{runner.PROJECT.format(dependencies='')}\n{visitor.block('[[tool.uv.index]]')}\n"
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def poetry_project(visitor: Visitor) -> Path:
    folder = visitor.home / "poetry"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(poetry.PROJECT.format(dependencies=""), encoding="utf-8")
    return folder


def test_without_credentials_nothing_is_installed(visitor: Visitor) -> None:
    visitor.shell(visitor.block("uv pip install")).failed()
    visitor.shell(f"{visitor.block('pip config set')}\npip install other").failed()
    assert visitor.installed() == set()


def test_a_netrc_is_enough_for_every_line_of_pip_and_uv(visitor: Visitor) -> None:
    visitor.write_netrc()
    visitor.shell(visitor.block("uv pip install")).succeeded()
    assert visitor.installed() == {"requests"}
    visitor.shell(f"{visitor.block('pip config set')}\npip install other").succeeded()
    assert visitor.installed() == {"requests", "other"}


def test_a_netrc_is_enough_for_poetry(visitor: Visitor) -> None:
    visitor.write_netrc()
    folder = poetry_project(visitor)
    visitor.shell(f"{visitor.block('poetry source')}\npoetry add requests", folder=folder).succeeded()


@pytest.mark.parametrize(
    ("file", "beginning", "command"),
    [
        ("pyproject.toml", "[[tool.pdm.source]]", "pdm add --no-self requests"),
        ("Pipfile", "[[source]]", "pipenv install --skip-lock requests"),
    ],
    ids=["PDM", "pipenv"],
)
def test_a_netrc_is_enough_for_pdm_and_pipenv(visitor: Visitor, file: str, beginning: str, command: str) -> None:
    visitor.write_netrc()
    folder = visitor.home / "project"
    folder.mkdir()
    head = runner.PROJECT.format(dependencies="") if file == "pyproject.toml" else ""
    (folder / file).write_text(f"{head}\n{visitor.block(beginning)}\n", encoding="utf-8")
    visitor.shell(command, folder=folder).succeeded()


def test_pip_takes_the_token_in_the_address(visitor: Visitor) -> None:
    line = next(block for block in visitor.blocks if block.startswith("pip install") and "token:" in block)
    visitor.shell(line).succeeded()
    assert visitor.installed() == {"requests"}


def test_uv_takes_the_token_of_the_environment(visitor: Visitor) -> None:
    script = f"{visitor.block('export UV_INDEX_')}\nuv add requests"
    visitor.shell(script, folder=uv_project(visitor)).succeeded()


def test_poetry_takes_the_token_of_its_settings(visitor: Visitor) -> None:
    lines = f"{visitor.block('poetry source')}\n{visitor.block('poetry config http-basic')}\npoetry add requests"
    visitor.shell(lines, folder=poetry_project(visitor)).succeeded()


def test_pip_and_uv_take_the_token_of_the_keyring(visitor: Visitor) -> None:
    programs = f"PATH={venvs.kept(venvs.KEYRING).folder}/bin:$PATH"
    command, *exports = visitor.block("keyring set").splitlines()
    lines = [programs, f"echo '{visitor.token}' | {command}", *exports, "pip install requests", "uv pip install other"]
    in_a_file = {"PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring"}
    visitor.shell("\n".join(lines), in_a_file).succeeded()
    assert visitor.installed() == {"requests", "other"}


def test_the_lines_for_ci_install_with_the_secret_filled_in(visitor: Visitor) -> None:
    for beginning, secret in (("env:", "${{ secrets.PYPROXY_TOKEN }}"), ("variables:", "$PYPROXY_TOKEN")):
        # The word in the secret's name was replaced like all others.
        block = visitor.block(beginning).replace(secret.replace("TOKEN", visitor.token), visitor.token)
        environ = dict(line.strip().replace('"', "").split(": ", 1) for line in block.splitlines()[1:])
        visitor.shell("pip install --force-reinstall requests\nuv pip install --reinstall other", environ).succeeded()
    assert visitor.installed() == {"requests", "other"}
