"""uv through pyproxy: install, compile and lock, cold, warm, with the upstream gone, and uv's ways of asking."""

from __future__ import annotations

import hashlib
import io
import tomllib
import zipfile

import pytest

from .conftest import MakeClient, StartPyproxy
from .recorder import Recorder
from .runner import Client
from .server import PyproxyServer
from .upstream_thread import UpstreamThread

pytestmark = pytest.mark.clients

GREETING = {"greeting": "2.0", "words": "1.0"}


@pytest.fixture
def greeting(upstream: UpstreamThread) -> UpstreamThread:
    """``greeting`` 1.0 and 2.0 as wheels; each needs ``words>=1``, which there is as a wheel too."""
    upstream.publish_wheel("words", "1.0")
    for version in ("1.0", "2.0"):
        upstream.publish_wheel("greeting", version, requires=["words>=1"])
    return upstream


def test_an_install_works_cold_warm_and_with_the_upstream_stopped(
    greeting: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    for moment in ("cold", "warm", "stopped"):
        if moment == "stopped":
            greeting.stop()
        client = make_client()
        client.uv_pip_install(pyproxy.index_url, "greeting").succeeded()
        assert client.target.installed() == GREETING


def test_compile_is_the_same_cold_warm_and_with_the_upstream_stopped(
    greeting: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    results = set()
    for moment in ("cold", "warm", "stopped"):
        if moment == "stopped":
            greeting.stop()
        arguments = ("--generate-hashes", "--no-header")
        run = make_client().uv_pip_compile(pyproxy.index_url, ["greeting"], *arguments).succeeded()
        results.add("\n".join(line for line in run.out.splitlines() if not line.lstrip().startswith("#")))
    (result,) = results
    assert "greeting==2.0" in result
    assert "words==1.0" in result


def test_lock_records_the_upstreams_hashes_cold_warm_and_with_the_upstream_stopped(
    greeting: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    """Twice with the same result: a lock file that changes with the state of a cache is useless."""
    wheel = greeting.publish_wheel("greeting", "3.0")
    locks = set()
    for moment in ("cold", "warm", "stopped"):
        if moment == "stopped":
            greeting.stop()
        client = make_client()
        client.uv_lock(pyproxy.index_url, ["greeting"]).succeeded()
        locks.add((client.project / "uv.lock").read_text(encoding="utf-8"))
    (lock,) = locks
    (package,) = [one for one in tomllib.loads(lock)["package"] if one["name"] == "greeting"]
    (locked,) = package["wheels"]
    assert locked["hash"] == f"sha256:{hashlib.sha256(wheel).hexdigest()}"
    assert locked["size"] == len(wheel)


def test_a_lock_file_installs_from_an_empty_cache_without_the_page(
    greeting: UpstreamThread, pyproxy: PyproxyServer, start_pyproxy: StartPyproxy, make_client: MakeClient
) -> None:
    """The file URLs in a lock file are stable: they work on a server that has never seen the project."""
    client = make_client()
    client.uv_lock(pyproxy.index_url, ["greeting"]).succeeded()
    lock = tomllib.loads((client.project / "uv.lock").read_text(encoding="utf-8"))
    paths = [wheel["url"].removeprefix(pyproxy.url) for one in lock["package"] for wheel in one.get("wheels", [])]
    other = start_pyproxy({"name": "scripted", "url": greeting.url})
    assert len(paths) >= 2
    assert [other.get(path).status for path in paths] == [200] * len(paths)


def test_a_second_compile_within_max_age_asks_nothing(
    greeting: UpstreamThread, start_pyproxy: StartPyproxy, make_client: MakeClient
) -> None:
    """(check 41)"""
    pyproxy = start_pyproxy({"name": "scripted", "url": greeting.url, "index_ttl": "10m"})
    with Recorder(f"127.0.0.1:{pyproxy.port}") as recorder:
        client = make_client(recorder.environ)
        client.uv_pip_compile(pyproxy.index_url, ["greeting"]).succeeded()
        assert recorder.take()
        client.uv_pip_compile(pyproxy.index_url, ["greeting"]).succeeded()
        assert recorder.take() == ()


def test_a_refreshed_compile_costs_304s_only(
    greeting: UpstreamThread, pyproxy: PyproxyServer, recorder: Recorder, make_client: MakeClient
) -> None:
    """(check 41)"""
    client = make_client(recorder.environ)
    client.uv_pip_compile(pyproxy.index_url, ["greeting"]).succeeded()
    recorder.take()
    client.uv_pip_compile(pyproxy.index_url, ["greeting"], "--refresh").succeeded()
    pages = [one for one in recorder.take() if one.path.startswith("/simple/")]
    assert {(one.path, one.status) for one in pages} == {("/simple/greeting/", 304), ("/simple/words/", 304)}


def test_uv_asks_nobody_but_pyproxy(
    greeting: UpstreamThread, pyproxy: PyproxyServer, recorder: Recorder, make_client: MakeClient
) -> None:
    client = make_client(recorder.environ)
    client.uv_pip_install(pyproxy.index_url, "greeting").succeeded()
    client.uv_lock(pyproxy.index_url, ["greeting"]).succeeded()
    assert recorder.strangers == set()
    assert {one.path.split("/")[1] for one in recorder.asked} == {"simple", "files"}


def test_metadata_files_spare_the_wheels(
    upstream: UpstreamThread, pyproxy: PyproxyServer, recorder: Recorder, make_client: MakeClient
) -> None:
    """(check 56, check 58)"""
    upstream.publish_wheel("words", "1.0", padding=2_000_000)
    upstream.publish_wheel("greeting", "1.0", requires=["words>=1"], padding=2_000_000)
    for _ in ("cold", "warm"):
        run = make_client(recorder.environ).uv_pip_compile(pyproxy.index_url, ["greeting"]).succeeded()
        assert "words==1.0" in run.out
        asked = [one for one in recorder.take() if one.path.startswith("/files/")]
        assert sorted((one.path.rpartition("/")[2], one.status) for one in asked) == [
            ("greeting-1.0-py3-none-any.whl.metadata", 200),
            ("words-1.0-py3-none-any.whl.metadata", 200),
        ]


@pytest.mark.parametrize("padding", [2_000_000, 20_000_000], ids=["below whole_file_below", "above"])
def test_lazy_metadata_of_a_wheel_without_sidecar_costs_kilobytes(
    padding: int, upstream: UpstreamThread, pyproxy: PyproxyServer, recorder: Recorder, make_client: MakeClient
) -> None:
    """(check 60)"""
    pyproxy.restart_with(cache={"extract_metadata": False})
    upstream.publish_wheel("words", "1.0")
    upstream.publish_wheel("big", "1.0", requires=["words"], padding=padding, metadata=None)
    run = make_client(recorder.environ).uv_pip_compile(pyproxy.index_url, ["big"]).succeeded()
    assert "words==1.0" in run.out
    asked = [one for one in recorder.asked if "big-1.0" in one.path]
    assert [one.method for one in asked if one.status == 200] == ["HEAD"]
    assert 206 in {one.status for one in asked}
    assert sum(one.body_bytes for one in asked) < 64 * 1024


def test_an_upstream_without_metadata_files_sends_kilobytes_of_each_wheel_once(
    upstream: UpstreamThread, pyproxy: PyproxyServer, recorder: Recorder, make_client: MakeClient
) -> None:
    """uv finds a metadata file here: no HEAD, no range. The last time with the upstream stopped."""
    upstream.publish_wheel("words", "1.0", padding=2_000_000, metadata=None)
    upstream.publish_wheel("greeting", "1.0", requires=["words>=1"], padding=2_000_000, metadata=None)
    for moment in ("cold", "warm", "stopped"):
        if moment == "stopped":
            wheels = [one for one in upstream.requests if one.path.startswith("/packages/")]
            upstream.stop()
        run = make_client(recorder.environ).uv_pip_compile(pyproxy.index_url, ["greeting"]).succeeded()
        assert "words==1.0" in run.out
        asked = [one for one in recorder.take() if one.path.startswith("/files/")]
        assert sorted((one.path.rpartition("/")[2], one.method, one.status) for one in asked) == [
            ("greeting-1.0-py3-none-any.whl.metadata", "GET", 200),
            ("words-1.0-py3-none-any.whl.metadata", "GET", 200),
        ]
    assert len(wheels) == 2
    assert all("range" in one.headers for one in wheels)


def test_a_wheel_without_metadata_does_not_keep_uv_from_the_others(
    upstream: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    """Whoever is first finds it out, and gets an error; then none is offered for it, and uv passes that release over,
    as it does without a proxy."""
    upstream.publish_wheel("words", "1.0", metadata=None)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as broken:
        broken.writestr("words/__init__.py", b"")
    filename = "words-2.0-py3-none-any.whl"
    upstream.apply(lambda server: server.add_file("words", filename, archive.getvalue()))
    assert "404" in make_client().uv_pip_compile(pyproxy.index_url, ["words"]).failed().text
    run = make_client().uv_pip_compile(pyproxy.index_url, ["words"]).succeeded()
    assert "words==1.0" in run.out


def test_exclude_newer_sees_the_upstreams_upload_times(
    upstream: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    """(check 85)"""
    upstream.publish_wheel("words", "1.0", upload_time="2021-05-01T10:00:00.000000Z")
    upstream.publish_wheel("words", "2.0", upload_time="2024-05-01T10:00:00.000000Z")
    for _ in ("cold", "warm"):
        client = make_client()
        client.uv_lock(pyproxy.index_url, ["words"], "--exclude-newer", "2022-01-01T00:00:00Z").succeeded()
        lock = tomllib.loads((client.project / "uv.lock").read_text(encoding="utf-8"))
        assert [one["version"] for one in lock["package"] if one["name"] == "words"] == ["1.0"]


@pytest.mark.parametrize("spelling", ["words-1.0+cu124-py3-none-any.whl", "words-1.0%2Bcu124-py3-none-any.whl"])
def test_a_local_version_installs_however_the_upstream_spells_the_plus(
    spelling: str, upstream: UpstreamThread, pyproxy: PyproxyServer, client: Client
) -> None:
    """(check 53) uv asks for ``+``."""
    upstream.publish_wheel("words", "1.0+cu124", url=f"{upstream.url}/packages/words/{spelling}")
    client.uv_pip_install(pyproxy.index_url, "words==1.0+cu124").succeeded()
    assert client.target.installed() == {"words": "1.0+cu124"}


def test_a_yanked_release_installs_only_when_it_is_pinned(
    upstream: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    """(check 22)"""
    upstream.publish_wheel("words", "1.0")
    upstream.publish_wheel("words", "2.0", yanked="speaks nonsense")
    unpinned = make_client()
    unpinned.uv_pip_install(pyproxy.index_url, "words").succeeded()
    assert unpinned.target.installed() == {"words": "1.0"}
    pinned = make_client()
    run = pinned.uv_pip_install(pyproxy.index_url, "words==2.0").succeeded()
    assert pinned.target.installed() == {"words": "2.0"}
    assert "speaks nonsense" in run.text


def test_a_release_for_other_pythons_is_passed_over(
    upstream: UpstreamThread, pyproxy: PyproxyServer, client: Client
) -> None:
    upstream.publish_wheel("words", "1.0", requires_python=">=3.8")
    upstream.publish_wheel("words", "2.0", requires_python=">=4")
    client.uv_pip_install(pyproxy.index_url, "words").succeeded()
    assert client.target.installed() == {"words": "1.0"}


def test_an_sdist_is_built_and_installed_cold_and_with_the_upstream_stopped(
    upstream: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    """(check 50)"""
    upstream.publish_sdist("source-only", "1.0")
    for moment in ("cold", "stopped"):
        if moment == "stopped":
            upstream.stop()
        client = make_client()
        client.uv_pip_install(pyproxy.index_url, "source-only").succeeded()
        assert client.target.installed() == {"source-only": "1.0"}


def test_an_html_only_upstream_serves_uv_as_well(
    upstream: UpstreamThread, pyproxy: PyproxyServer, client: Client
) -> None:
    """(check 83)"""
    upstream.publish_wheel("words", "1.0")
    upstream.switch(html_only=True)
    client.uv_pip_install(pyproxy.index_url, "words").succeeded()
    assert client.target.installed() == {"words": "1.0"}


def test_an_unknown_project_is_reported_as_such(pyproxy: PyproxyServer, client: Client) -> None:
    """(check 4)"""
    run = client.uv_pip_install(pyproxy.index_url, "no-such-project").failed()
    assert "no-such-project was not found in the package registry" in run.text


def test_uv_prints_which_upstream_failed_and_why(
    upstream: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    """(check 65) A dead upstream is an error with a reason, never "no such project"."""
    upstream.stop()
    run = make_client({"UV_HTTP_RETRIES": "0"}).uv_pip_install(pyproxy.index_url, "words").failed()
    assert "scripted" in run.text
    assert "refused the connection" in run.text
    assert "was not found in the package registry" not in run.text


def test_an_upstream_behind_a_password_serves_page_and_file(
    upstream: UpstreamThread, start_pyproxy: StartPyproxy, make_client: MakeClient
) -> None:
    """(check 63, first half) The password is pyproxy's; the client needs none."""
    upstream.publish_wheel("words", "1.0")
    upstream.switch(username="builder", password="s3cret-word")
    pyproxy = start_pyproxy(
        {"name": "guarded", "url": upstream.url, "username": "builder", "password": "s3cret-word", "on_failure": "stop"}
    )
    for _ in ("cold", "warm"):
        client = make_client()
        client.uv_pip_install(pyproxy.index_url, "words").succeeded()
        assert client.target.installed() == {"words": "1.0"}
