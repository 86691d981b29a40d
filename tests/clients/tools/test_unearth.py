"""unearth, the finder inside PDM, as a library: what it makes of our pages and files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .. import venvs
from ..recorder import Recorder
from ..server import PyproxyServer
from ..upstream_thread import UpstreamThread
from .catalogue import lose
from .program import results

pytestmark = pytest.mark.clients

FIND = """\
import json, pathlib, sys
import unearth

index_url, folder = sys.argv[1:]
finder = unearth.PackageFinder(index_urls=[index_url], trusted_hosts=["127.0.0.1"])
best = finder.find_best_match("greeting").best
downloads = pathlib.Path(folder, "downloads")
wheel = finder.download_and_unpack(best.link, downloads, downloads)
pinned = finder.find_best_match("greeting==3.0").best
print(json.dumps({
    "best": best.version,
    "hashes": best.link.hashes,
    "metadata": best.link.dist_info_metadata,
    "upload time": str(best.link.upload_time),
    "downloaded": wheel.name,
    "all": sorted(found.version for found in finder.find_all_packages("greeting")),
    "pinned": pinned.version,
    "reason": pinned.link.yank_reason,
    "unknown": finder.find_best_match("no-such-project").best,
}))
"""


def test_unearth_finds_and_verifies_the_same_cold_warm_and_with_the_upstream_gone(
    upstream: UpstreamThread, hashes: dict[str, str], pyproxy: PyproxyServer, recorder: Recorder, tmp_path: Path
) -> None:
    """It passes over yanked releases and those for other Pythons, and reads upload times (check 22, pain 7)."""
    found: list[dict[str, Any]] = []
    asked: list[int] = []
    for moment in ("cold", "warm", "gone"):
        if moment == "gone":
            lose(upstream, pyproxy, "greeting")
        folder = tmp_path / moment
        (folder / "downloads").mkdir(parents=True)
        arguments = (pyproxy.index_url, str(folder))
        venv = venvs.kept(venvs.UNEARTH)
        found.append(results(venv, folder / "home", FIND, *arguments, environ=recorder.environ))
        asked.append(upstream.count("/packages/") if moment != "gone" else asked[-1])
    assert found[0] == found[1] == found[2]
    assert asked[0] == asked[1] > 0
    assert (found[0]["best"], found[0]["pinned"], found[0]["reason"]) == ("2.0", "3.0", "speaks nonsense")
    assert found[0]["hashes"] == {"sha256": hashes["greeting-2.0-py3-none-any.whl"]}
    assert found[0]["metadata"].keys() == {"sha256"}
    assert found[0]["upload time"].startswith("2020-01-01 00:00:00")
    assert found[0]["unknown"] is None
    assert recorder.strangers == set()
