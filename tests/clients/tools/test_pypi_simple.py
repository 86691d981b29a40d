"""pypi-simple, which reads every field of a page, and for which any oddity is an exception or a warning."""

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

READ = """\
import json, pathlib, sys
import pypi_simple

index_url, accept, folder = sys.argv[1:]
with pypi_simple.PyPISimple(index_url, accept=getattr(pypi_simple, accept)) as client:
    page = client.get_project_page("Greeting")
    packages = {package.version: package for package in page.packages}
    wanted = packages["2.0"]
    target = pathlib.Path(folder, wanted.filename)
    client.download_package(wanted, target, verify=True)
    print(json.dumps({
        "repository version": page.repository_version,
        "versions": page.versions,
        "known": client.get_index_page().projects,
        "types": sorted({package.package_type for package in page.packages}),
        "yanked": {version: package.yanked_reason for version, package in packages.items() if package.is_yanked},
        "requires python": packages["4.0"].requires_python,
        "digests": wanted.digests,
        "size": wanted.size,
        "upload time": str(wanted.upload_time),
        "metadata": client.get_package_metadata(wanted, verify=True),
        "downloaded": target.stat().st_size,
    }))
"""


def read(pyproxy: PyproxyServer, recorder: Recorder, folder: Path, accept: str) -> Any:
    """What it makes of ``greeting``."""
    folder.mkdir()
    venv = venvs.kept(venvs.PYPI_SIMPLE)
    arguments = (pyproxy.index_url, accept, str(folder))
    return results(venv, folder / "home", READ, *arguments, environ=recorder.environ)


def test_every_field_of_the_json_page_is_read_cold_warm_and_stale(
    upstream: UpstreamThread, hashes: dict[str, str], pyproxy: PyproxyServer, recorder: Recorder, tmp_path: Path
) -> None:
    """(checks 19 to 22)"""
    found = []
    for moment in ("cold", "warm", "gone"):
        if moment == "gone":
            lose(upstream, pyproxy, "greeting")
        found.append(read(pyproxy, recorder, tmp_path / moment, "ACCEPT_JSON_ONLY"))
    assert found[0]["versions"] == ["1.0", "2.0", "3.0", "4.0"]
    assert found[0]["types"] == ["wheel"]
    assert found[0]["yanked"] == {"3.0": "speaks nonsense"}
    assert found[0]["requires python"] == ">=4"
    assert found[0]["digests"] == {"sha256": hashes["greeting-2.0-py3-none-any.whl"]}
    assert found[0]["size"] == found[0]["downloaded"] > 0
    assert found[0]["upload time"] == "2020-01-01 00:00:00+00:00"
    assert "Requires-Dist: words>=1" in found[0]["metadata"]
    for each in found:
        # The page of what it requires may have been looked at meanwhile (``cache.look_ahead``).
        assert set(each.pop("known")) - {"words"} == {"greeting"}
    assert found[0] == found[1] == found[2]
    assert recorder.strangers == set()


def test_the_html_page_says_the_same_as_far_as_html_goes(
    hashes: dict[str, str], pyproxy: PyproxyServer, recorder: Recorder, tmp_path: Path
) -> None:
    """(check 34)"""
    by_json = read(pyproxy, recorder, tmp_path / "json", "ACCEPT_JSON_ONLY")
    by_html = read(pyproxy, recorder, tmp_path / "html", "ACCEPT_HTML_ONLY")
    json_alone = {"size": None, "upload time": "None", "versions": None}
    for each in (by_json, by_html):
        assert set(each.pop("known")) - {"words"} == {"greeting"}
    assert by_html == {**by_json, **json_alone}
