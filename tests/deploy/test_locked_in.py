"""In the cage that unit, compose file and manifests put it in: no privileges, and nothing to write but its storage."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.conftest import RunCommand
from tests.distributions import make_wheel
from tests.http.proxy import JSON
from tests.upstream_server import UpstreamServer

DENY_WRITING_CODE = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)  # PR_SET_MDWE, as MemoryDenyWriteExecute=; an old kernel refuses it
os.execvp(sys.argv[1], sys.argv[1:])
"""

CAGE = """
mount --bind "$1" "$1" && mount -o remount,ro,bind / || exit 77
shift
exec setpriv --bounding-set=-all --no-new-privs "$@"
"""


def cage(directory: Path) -> list[str]:
    """A command that runs another one so; skips where this user may not mount."""
    own_mounts = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root, to give up its privileges")
    if subprocess.run([*own_mounts, "mount", "--bind", "/", "/"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount")
    return [*own_mounts, "sh", "-c", CAGE, "sh", str(directory), sys.executable, "-c", DENY_WRITING_CODE]


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_it_does_all_its_work_in_the_cage(
    workers: str, upstream: UpstreamServer, run_command: RunCommand, tmp_path: Path
) -> None:
    filename, content, _ = make_wheel("demo", "1.0", size=2_000_000)
    upstream.add_file("demo", filename, content)
    files = [{"filename": f"big-{n}.zip", "url": f"/f/big-{n}.zip", "hashes": {}} for n in range(10_000)]
    page = {"meta": {"api-version": "1.0"}, "name": "big", "files": files}
    upstream.set_page("big", json.dumps(page).encode(), JSON)
    storage = tmp_path / "run" / "data"
    storage.mkdir(parents=True)
    command = run_command("--workers", workers, upstream=upstream, wrapper=cage(storage))
    await command.listens()

    sha256 = hashlib.sha256(content).hexdigest()
    path = f"/files/demo/{sha256}/{filename}"
    assert (await command.get("/simple/big/")).status == 200
    assert (await command.get("/simple/demo/")).status == 200
    for _ in ("cold", "warm"):
        assert (await command.get(path)).body == content
    for address in ("/", "/readyz", "/metrics"):
        assert (await command.get(address)).status == 200
    assert await command.stop() == 0

    assert list((storage / "files").rglob(sha256)), "it could not keep the file"
    (told,) = [line for line in command.output.splitlines() if " WARNING " in line or " ERROR " in line]
    assert "no account yet" in told
