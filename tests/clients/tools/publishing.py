"""twine and ``uv publish``, as people publish a wheel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .. import venvs
from ..runner import Run, run_alone

ACCOUNT = {"username": "__token__", "password": "a-token"}


def twine_upload(upload_url: str, wheel: Path, home: Path, environ: Mapping[str, str]) -> Run:
    """``twine upload --repository-url``."""
    twine = str(venvs.kept(venvs.TWINE).script("twine"))
    quiet = ("--non-interactive", "--disable-progress-bar", "--config-file", str(home / "none"))
    account = {f"TWINE_{name.upper()}": value for name, value in ACCOUNT.items()}
    command = (twine, "--no-color", "upload", *quiet, "--repository-url", upload_url, str(wheel))
    return run_alone(command, home, {**account, "COLUMNS": "400", **environ})


def uv_publish(upload_url: str, wheel: Path, home: Path, environ: Mapping[str, str]) -> Run:
    """``uv publish --publish-url``."""
    uv = str(venvs.kept(venvs.INSTALLERS).script("uv"))
    account = {f"UV_PUBLISH_{name.upper()}": value for name, value in ACCOUNT.items()}
    command = (uv, "publish", "--no-config", "--trusted-publishing", "never", "--publish-url", upload_url, str(wheel))
    return run_alone(command, home, {**account, "UV_HTTP_RETRIES": "0", **environ})
