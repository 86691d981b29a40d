"""The unit: its very command line, run as systemd would run it, and what systemd itself says of the file."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pyproxy.app.lifecycle import CLOSE_SECONDS, FINISH_SECONDS
from tests.app.command import until
from tests.app.conftest import RunCommand
from tests.app.test_notify import Listening
from tests.upstream_server import UpstreamServer

SYSTEMD = Path(__file__).parents[2] / "deploy" / "systemd"
UNIT = (SYSTEMD / "pyproxy.service").read_text(encoding="utf-8")

WORST_EXPOSURE = 2.0
"""Of ten, as ``systemd-analyze security`` counts: its "OK"."""

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def setting(name: str) -> str:
    """A setting of the unit that stands there once."""
    (value,) = re.findall(rf"^{name}=(.*)$", UNIT, flags=re.MULTILINE)
    return str(value)


async def test_its_command_line_is_ready_serves_and_stops(
    upstream: UpstreamServer, run_command: RunCommand, tmp_path: Path
) -> None:
    assert setting("Type") == "notify"
    program, *arguments = shlex.split(setting("ExecStart"))
    assert program == "/opt/pyproxy/bin/pyproxy"
    config = tmp_path / "pyproxy.yaml"
    shipped = (SYSTEMD / "pyproxy.yaml").read_text(encoding="utf-8")
    config.write_text(
        shipped.replace("/var/lib/pyproxy", str(tmp_path / "storage"))
        + f"\nupstreams: [{{name: first, url: '{upstream.url}'}}]\n",
        encoding="utf-8",
    )
    assert "/etc/pyproxy/pyproxy.yaml" in arguments
    manager = Listening(str(tmp_path / "notify"))
    command = run_command(
        *(argument.replace("/etc/pyproxy/pyproxy.yaml", str(config)) for argument in arguments),
        NOTIFY_SOCKET=manager.address,
    )
    await until(lambda: manager.told("READY"))
    await command.listens()
    assert (await command.get("/")).status == 200
    assert (await command.get("/simple/")).status == 200
    assert (tmp_path / "storage" / "pyproxy.sqlite3").is_file()
    assert await command.stop() == 0
    assert manager.told("STOPPING")
    manager.close()


def test_its_storage_is_its_state_directory() -> None:
    assert re.search(rf"^  directory: /var/lib/{setting('StateDirectory')}$", shipped(), flags=re.MULTILINE)


def test_its_user_is_the_one_that_is_made() -> None:
    made = (SYSTEMD / "pyproxy.sysusers.conf").read_text(encoding="utf-8").split()
    assert made[:2] == ["u", setting("User")]


def test_it_is_stopped_later_than_it_stops_by_itself() -> None:
    assert float(setting("TimeoutStopSec")) > FINISH_SECONDS + CLOSE_SECONDS + 1


def test_a_reload_is_the_signal_that_replaces_the_workers() -> None:
    assert setting("ExecReload").split()[1:] == ["-HUP", "$MAINPID"]


@pytest.fixture
def placed(tmp_path: Path) -> Path:
    """The unit with programs that are on this machine: systemd looks whether they are."""
    unit = tmp_path / "pyproxy.service"
    unit.write_text(UNIT.replace("/opt/pyproxy/bin/pyproxy", sys.executable), encoding="utf-8")
    return unit


@needs_systemd
def test_systemd_finds_no_mistake_in_it(placed: Path) -> None:
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(placed)], capture_output=True, text=True, check=False, timeout=60
    )
    complaints = [line for line in checked.stderr.splitlines() if "pyproxy.service" in line]
    assert (checked.returncode, complaints) == (0, [])


@needs_systemd
def test_systemd_finds_it_well_locked_in(placed: Path) -> None:
    checked = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(placed)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if "Unknown option" in checked.stderr or "unrecognized option" in checked.stderr:
        pytest.skip("this systemd cannot look at a file")
    found = re.search(r"exposure level for pyproxy\.service: ([\d.]+)", checked.stdout)
    assert found, checked.stdout + checked.stderr
    assert float(found[1]) <= WORST_EXPOSURE


def shipped() -> str:
    return (SYSTEMD / "pyproxy.yaml").read_text(encoding="utf-8")
