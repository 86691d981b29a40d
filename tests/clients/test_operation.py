"""A running server in the hands of its administrator: stopped, killed, steered, doubled, cut off."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from pathlib import Path

import pytest

from pyproxy.storage.directory import FILES_NAME, TEMPORARY_NAME
from tests.distributions import make_wheel
from tests.upstream_server import Throttle
from tests.waiting import wait_until

from .conftest import MakeClient, StartPyproxy
from .server import PyproxyServer
from .upstream_thread import UpstreamThread

pytestmark = pytest.mark.clients

JSON_PAGE = {"Accept": "application/vnd.pypi.simple.v1+json"}


def large_files(folder: Path) -> list[int]:
    """The sizes of what is kept or arriving in it, and not small."""
    sizes = []
    for path in [*(folder / FILES_NAME).rglob("*"), *(folder / TEMPORARY_NAME).rglob("*")]:
        # Temporary files come and go meanwhile.
        with contextlib.suppress(FileNotFoundError):
            if path.is_file():
                sizes.append(path.stat().st_size)
    return [size for size in sizes if size > 100_000]


@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_is_a_clean_end(
    workers: int, upstream: UpstreamThread, start_pyproxy: StartPyproxy, make_client: MakeClient
) -> None:
    upstream.publish_wheel("words", "1.0")
    pyproxy = start_pyproxy({"name": "scripted", "url": upstream.url}, server={"workers": workers})
    make_client().uv_pip_install(pyproxy.index_url, "words").succeeded()
    assert pyproxy.stop() == 0


def test_a_second_server_on_the_same_storage_refuses_and_says_why(
    upstream: UpstreamThread, pyproxy: PyproxyServer, tmp_path: Path
) -> None:
    config = {"storage": {"directory": str(pyproxy.storage)}, "upstreams": [{"name": "scripted", "url": upstream.url}]}
    second = PyproxyServer(tmp_path / "second", config)
    with pytest.raises(RuntimeError, match="exit status 1"):
        second.start()
    assert str(pyproxy.storage) in second.log
    assert "Traceback" not in second.log
    assert pyproxy.get("/healthz").status == 200


def test_a_killed_server_comes_back_with_all_it_had(
    upstream: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    upstream.publish_wheel("words", "1.0")
    make_client().pip_install(pyproxy.index_url, "words").succeeded()
    pyproxy.kill()
    upstream.stop()
    pyproxy.start()
    client = make_client()
    client.pip_install(pyproxy.index_url, "words").succeeded()
    assert client.target.installed() == {"words": "1.0"}


def test_a_server_killed_in_the_middle_of_a_download_serves_no_half_file(
    upstream: UpstreamThread, pyproxy: PyproxyServer
) -> None:
    content = upstream.publish_wheel("words", "1.0", padding=4_000_000)
    sha256 = hashlib.sha256(content).hexdigest()
    path = f"/files/words/{sha256}/words-1.0-py3-none-any.whl"
    assert pyproxy.get("/simple/words/", JSON_PAGE).status == 200
    upstream.apply(lambda server: server.behave("/packages/", Throttle(1_000_000)))

    def ask() -> None:
        try:
            pyproxy.get(path)
        except Exception:  # the server dies under this request, in one of many ways
            return

    asking = threading.Thread(target=ask)
    asking.start()
    wait_until(lambda: large_files(pyproxy.storage) != [])
    pyproxy.kill()
    asking.join()
    upstream.apply(lambda server: server.clear_behaviours())
    pyproxy.start()
    assert pyproxy.get(path).body == content
    wait_until(lambda: large_files(pyproxy.storage) == [len(content)])


def test_a_running_server_notices_what_the_commands_change(upstream: UpstreamThread, pyproxy: PyproxyServer) -> None:
    upstream.publish_wheel("words", "1.0")
    assert pyproxy.get("/simple/words/", JSON_PAGE).status == 200
    assert pyproxy.run("upstream", "disable", "scripted").returncode == 0
    wait_until(lambda: pyproxy.get("/simple/words/", JSON_PAGE).status == 503)
    assert pyproxy.run("upstream", "enable", "scripted").returncode == 0
    wait_until(lambda: pyproxy.get("/simple/words/", JSON_PAGE).status == 200)


def test_offline_serves_what_is_known_and_says_offline_for_the_rest(
    upstream: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    upstream.publish_wheel("words", "1.0")
    upstream.publish_wheel("never-asked", "1.0")
    make_client().uv_pip_install(pyproxy.index_url, "words").succeeded()
    pyproxy.stop()
    pyproxy.config["cache"] = {"offline": True}
    pyproxy.start()
    asked_before = len(upstream.requests)
    make_client().uv_pip_install(pyproxy.index_url, "words").succeeded()
    answer = pyproxy.get("/simple/never-asked/", JSON_PAGE)
    assert answer.status == 503
    assert "offline" in answer.reason
    assert len(upstream.requests) == asked_before


def test_a_file_put_into_the_local_folder_is_served_and_its_name_stays_here(
    upstream: UpstreamThread, start_pyproxy: StartPyproxy, make_client: MakeClient, tmp_path: Path
) -> None:
    upstream.publish_wheel("secretlib", "99.0")
    folder = tmp_path / "local"
    folder.mkdir()
    place_wheel(folder, "secretlib", "1.0")
    pyproxy = start_pyproxy({"name": "scripted", "url": upstream.url}, local={"directory": str(folder)})
    wait_until(lambda: b"secretlib-1.0-" in pyproxy.get("/simple/secretlib/").body)
    place_wheel(folder, "secretlib", "1.1")
    wait_until(lambda: b"secretlib-1.1-" in pyproxy.get("/simple/secretlib/").body)
    by_pip, by_uv = make_client(), make_client()
    by_pip.pip_install(pyproxy.index_url, "secretlib").succeeded()
    by_uv.uv_pip_install(pyproxy.index_url, "secretlib").succeeded()
    assert by_pip.target.installed() == by_uv.target.installed() == {"secretlib": "1.1"}
    assert upstream.count("/") == 0


def place_wheel(folder: Path, name: str, version: str) -> None:
    """As a careful administrator copies: never half a file under its final name."""
    filename, content, _ = make_wheel(name, version)
    (folder / "arriving").write_bytes(content)
    os.replace(folder / "arriving", folder / filename)
