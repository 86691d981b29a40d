"""pip through pyproxy: cold, warm, with the upstream gone, and pip's particular ways of asking."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from pyproxy.storage.directory import FILES_NAME, TEMPORARY_NAME
from tests.upstream_server import Corrupt, Normal, Truncate

from . import venvs
from .conftest import MakeClient, StartPyproxy
from .recorder import Recorder
from .runner import Client
from .server import PyproxyServer
from .upstream_thread import UpstreamThread

pytestmark = pytest.mark.clients

RUNS_UNTIL_EXPIRY = 30
"""A page with a lifetime of a second has expired long before so many runs of pip."""


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
    first = make_client()
    first.pip_install(pyproxy.index_url, "greeting").succeeded()
    assert first.target.installed() == {"greeting": "2.0", "words": "1.0"}
    files_fetched = greeting.count("/packages/")

    second = make_client()
    second.pip_install(pyproxy.index_url, "greeting").succeeded()
    assert second.target.installed() == {"greeting": "2.0", "words": "1.0"}
    assert greeting.count("/packages/") == files_fetched

    greeting.stop()
    third = make_client()
    third.pip_install(pyproxy.index_url, "greeting").succeeded()
    assert third.target.installed() == {"greeting": "2.0", "words": "1.0"}


def test_an_install_survives_a_restart_of_pyproxy_without_its_upstream(
    greeting: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    make_client().pip_install(pyproxy.index_url, "greeting").succeeded()
    greeting.stop()
    pyproxy.stop()
    pyproxy.start()
    client = make_client()
    client.pip_install(pyproxy.index_url, "greeting").succeeded()
    assert client.target.installed() == {"greeting": "2.0", "words": "1.0"}


def test_pip_download_keeps_exactly_the_upstreams_bytes(
    upstream: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    wheel = upstream.publish_wheel("padded", "1.0", padding=3_000_000)
    for stopped in (False, False, True):
        if stopped:
            upstream.stop()
        client = make_client()
        client.pip_download(pyproxy.index_url, "padded").succeeded()
        (downloaded,) = client.downloads.iterdir()
        assert downloaded.read_bytes() == wheel


def test_a_second_download_within_max_age_asks_nothing(
    greeting: UpstreamThread, start_pyproxy: StartPyproxy, make_client: MakeClient
) -> None:
    """(check 40)"""
    pyproxy = start_pyproxy({"name": "scripted", "url": greeting.url, "index_ttl": "10m"})
    with Recorder(f"127.0.0.1:{pyproxy.port}") as recorder:
        client = make_client(recorder.environ)
        client.pip_download(pyproxy.index_url, "greeting").succeeded()
        assert recorder.take()
        client.pip_download(pyproxy.index_url, "greeting").succeeded()
        assert recorder.take() == ()


def test_after_max_age_a_download_costs_one_304_for_each_page(
    upstream: UpstreamThread, start_pyproxy: StartPyproxy, make_client: MakeClient
) -> None:
    """(check 40)"""
    upstream.publish_wheel("words", "1.0")
    pyproxy = start_pyproxy({"name": "scripted", "url": upstream.url, "index_ttl": "1s"})
    with Recorder(f"127.0.0.1:{pyproxy.port}") as recorder:
        client = make_client(recorder.environ)
        client.pip_download(pyproxy.index_url, "words").succeeded()
        recorder.take()
        for _ in range(RUNS_UNTIL_EXPIRY):
            client.pip_download(pyproxy.index_url, "words").succeeded()
            if asked := recorder.take():
                break
        assert [(one.path, one.status) for one in asked] == [("/simple/words/", 304)]


def test_pip_asks_nobody_but_pyproxy(
    greeting: UpstreamThread, pyproxy: PyproxyServer, recorder: Recorder, make_client: MakeClient
) -> None:
    make_client(recorder.environ).pip_install(pyproxy.index_url, "greeting").succeeded()
    assert recorder.strangers == set()
    assert {one.path.split("/")[1] for one in recorder.asked} == {"simple", "files"}


def test_a_backtracking_resolution_downloads_metadata_instead_of_wheels(
    upstream: UpstreamThread, pyproxy: PyproxyServer, recorder: Recorder, make_client: MakeClient
) -> None:
    upstream.publish_wheel("words", "1.0")
    upstream.publish_wheel("picky", "1.0", requires=["words"])
    upstream.publish_wheel("picky", "2.0", requires=["words>=7"])
    client = make_client(recorder.environ)
    client.pip_install(pyproxy.index_url, "picky").succeeded()
    assert client.target.installed() == {"picky": "1.0", "words": "1.0"}
    assert not [one for one in recorder.asked if one.path.endswith("picky-2.0-py3-none-any.whl")]


def test_metadata_files_hold_what_is_advertised_and_what_the_wheels_say(
    upstream: UpstreamThread, pyproxy: PyproxyServer, recorder: Recorder, make_client: MakeClient
) -> None:
    """pip refuses other bytes than the advertised, and a wheel that says something else (check 56, check 58).

    ``plain`` has none at the upstream: its own, out of the wheel.
    """
    upstream.publish_wheel("words", "1.0")
    upstream.publish_wheel("plain", "1.0", metadata=None)
    upstream.publish_wheel("greeting", "1.0", requires=["words>=1", "plain"])
    for _ in ("cold", "warm"):
        client = make_client(recorder.environ)
        client.pip_install(pyproxy.index_url, "greeting").succeeded()
        assert client.target.installed() == {"greeting": "1.0", "plain": "1.0", "words": "1.0"}
        sidecars = [one for one in recorder.take() if one.path.endswith(".metadata")]
        assert sorted((one.path.rpartition("/")[2], one.status) for one in sidecars) == [
            ("greeting-1.0-py3-none-any.whl.metadata", 200),
            ("plain-1.0-py3-none-any.whl.metadata", 200),
            ("words-1.0-py3-none-any.whl.metadata", 200),
        ]


def test_a_dry_run_fetches_no_wheel_though_the_upstream_has_no_metadata_files(
    upstream: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    """Kilobytes of each from the upstream, once for all clients."""
    upstream.publish_wheel("words", "1.0", padding=2_000_000, metadata=None)
    upstream.publish_wheel("greeting", "1.0", requires=["words>=1"], padding=2_000_000, metadata=None)
    for _ in ("cold", "warm"):
        run = make_client().pip_install(pyproxy.index_url, "--dry-run", "greeting").succeeded()
        assert "Would install greeting-1.0 words-1.0" in run.out
    wheels = [one for one in upstream.requests if one.path.startswith("/packages/")]
    assert len(wheels) == 2
    assert all("range" in one.headers for one in wheels)


def test_without_ranges_the_upstream_sends_each_wheel_once(
    upstream: UpstreamThread, pyproxy: PyproxyServer, client: Client
) -> None:
    """It is kept as it is read for its metadata, and installed from here."""
    upstream.switch(no_ranges=True)
    upstream.publish_wheel("words", "1.0", metadata=None)
    upstream.publish_wheel("greeting", "1.0", requires=["words>=1"], metadata=None)
    client.pip_install(pyproxy.index_url, "greeting").succeeded()
    assert client.target.installed() == {"greeting": "1.0", "words": "1.0"}
    assert len([one for one in upstream.requests if one.path.endswith(".whl") and "range" not in one.headers]) == 2


def test_a_download_that_is_cut_on_the_way_is_taken_up_again(
    upstream: UpstreamThread, pyproxy: PyproxyServer, client: Client
) -> None:
    """What pip has of it is a broken response, never a whole file; it asks for the rest (check 55, check 49)."""
    wheel = upstream.publish_wheel("padded", "1.0", padding=3_000_000, metadata=None)
    for behaviour in (Normal(), Truncate(1_000_000)):  # its end is read first, for its metadata
        upstream.apply(lambda server, each=behaviour: server.behave("/packages/", each, times=1))
    run = client.pip_download(pyproxy.index_url, "padded").succeeded()
    (downloaded,) = client.downloads.iterdir()
    assert downloaded.read_bytes() == wheel
    assert "resum" in run.text.lower()


def test_fast_deps_reads_the_metadata_of_a_wheel_from_its_end(
    upstream: UpstreamThread, pyproxy: PyproxyServer, recorder: Recorder, make_client: MakeClient
) -> None:
    pyproxy.restart_with(cache={"extract_metadata": False})
    upstream.publish_wheel("words", "1.0")
    upstream.publish_wheel("big", "1.0", requires=["words"])
    upstream.publish_wheel("big", "2.0", requires=["words>=7"], padding=2_000_000, metadata=None)
    client = make_client(recorder.environ)
    client.pip_install(pyproxy.index_url, "--use-feature=fast-deps", "big").succeeded()
    assert client.target.installed() == {"big": "1.0", "words": "1.0"}
    asked = [one for one in recorder.asked if "big-2.0" in one.path]
    assert {one.status for one in asked} == {200, 206}
    assert {one.method for one in asked if one.status == 200} == {"HEAD"}
    assert sum(one.body_bytes for one in asked) < 64 * 1024


@pytest.mark.parametrize("spelling", ["words-1.0+cu124-py3-none-any.whl", "words-1.0%2Bcu124-py3-none-any.whl"])
def test_a_local_version_installs_however_the_upstream_spells_the_plus(
    spelling: str, upstream: UpstreamThread, pyproxy: PyproxyServer, client: Client
) -> None:
    """(check 53) pip asks for ``%2B``."""
    upstream.publish_wheel("words", "1.0+cu124", url=f"{upstream.url}/packages/words/{spelling}")
    client.pip_install(pyproxy.index_url, "words==1.0+cu124").succeeded()
    assert client.target.installed() == {"words": "1.0+cu124"}


def test_a_yanked_release_installs_only_when_it_is_pinned(
    upstream: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    """(check 22)"""
    upstream.publish_wheel("words", "1.0")
    upstream.publish_wheel("words", "2.0", yanked="speaks nonsense")
    unpinned = make_client()
    unpinned.pip_install(pyproxy.index_url, "words").succeeded()
    assert unpinned.target.installed() == {"words": "1.0"}
    pinned = make_client()
    run = pinned.pip_install(pyproxy.index_url, "words==2.0").succeeded()
    assert pinned.target.installed() == {"words": "2.0"}
    assert "speaks nonsense" in run.text


def test_a_release_for_other_pythons_is_passed_over(
    upstream: UpstreamThread, pyproxy: PyproxyServer, client: Client
) -> None:
    upstream.publish_wheel("words", "1.0", requires_python=">=3.8")
    upstream.publish_wheel("words", "2.0", requires_python=">=4")
    client.pip_install(pyproxy.index_url, "words").succeeded()
    assert client.target.installed() == {"words": "1.0"}


def test_an_sdist_is_built_and_installed_cold_and_warm(
    upstream: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    """A ``.tar.gz`` arrives as it is, never unzipped on the way (check 50)."""
    sdist = upstream.publish_sdist("source-only", "1.0")
    for _ in ("cold", "warm"):
        client = make_client()
        client.pip_install(pyproxy.index_url, "source-only").succeeded()
        assert client.target.installed() == {"source-only": "1.0"}
    upstream.stop()
    client = make_client()
    client.pip_download(pyproxy.index_url, "--no-deps", "source-only").succeeded()
    (downloaded,) = client.downloads.iterdir()
    assert downloaded.read_bytes() == sdist


def test_uploaded_prior_to_sees_the_upstreams_upload_times(
    upstream: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    """(check 85)"""
    upstream.publish_wheel("words", "1.0", upload_time="2021-05-01T10:00:00.000000Z")
    upstream.publish_wheel("words", "2.0", upload_time="2024-05-01T10:00:00.000000Z")
    for _ in ("cold", "warm"):
        client = make_client()
        client.pip_install(pyproxy.index_url, "--uploaded-prior-to", "2022-01-01T00:00:00Z", "words").succeeded()
        assert client.target.installed() == {"words": "1.0"}


def test_hash_checking_mode_accepts_the_upstreams_hash_and_no_other(
    upstream: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient, tmp_path: Path
) -> None:
    sha256 = hashlib.sha256(upstream.publish_wheel("words", "1.0")).hexdigest()
    right, wrong = tmp_path / "right.txt", tmp_path / "wrong.txt"
    right.write_text(f"words==1.0 --hash=sha256:{sha256}\n", encoding="utf-8")
    wrong.write_text(f"words==1.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    make_client().pip_install(pyproxy.index_url, "--require-hashes", "-r", str(right)).succeeded()
    make_client().pip_install(pyproxy.index_url, "--require-hashes", "-r", str(wrong)).failed()


def test_an_html_only_upstream_serves_pip_as_well(
    upstream: UpstreamThread, pyproxy: PyproxyServer, client: Client
) -> None:
    """(check 83)"""
    upstream.publish_wheel("words", "1.0")
    upstream.publish_wheel("words", "2.0", requires_python=">=4")
    upstream.switch(html_only=True)
    client.pip_install(pyproxy.index_url, "words").succeeded()
    assert client.target.installed() == {"words": "1.0"}


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="these pips know no Python as new as that")
@pytest.mark.parametrize("version", ["22.3.1", "23.0.1", "23.1.2"])
@pytest.mark.parametrize("sidecar", [True, False], ids=["listed", "read here"])
def test_pips_that_cannot_read_metadata_in_json_install_all_the_same(
    upstream: UpstreamThread, pyproxy: PyproxyServer, tmp_path: Path, version: str, sidecar: bool
) -> None:
    """They end with a traceback where JSON has the name that PEP 714 gave up. 23.0.1 is that of Debian 12."""
    upstream.publish_wheel("words", "1.0", **({} if sidecar else {"metadata": None}))
    client = Client(venvs.kept((f"pip=={version}",)), tmp_path / "client")
    client.pip_install(pyproxy.index_url, "words").succeeded()
    assert client.target.installed() == {"words": "1.0"}


def test_wrong_bytes_from_the_upstream_never_install_and_are_not_kept(
    upstream: UpstreamThread, pyproxy: PyproxyServer, make_client: MakeClient
) -> None:
    """(check 54)"""
    upstream.publish_wheel("words", "1.0", padding=500_000)
    upstream.apply(lambda server: server.behave("/packages/words/words-1.0-py3-none-any.whl", Corrupt()))
    quickly = ("--retries", "0", "--resume-retries", "0")
    spoiled = make_client()
    spoiled.pip_install(pyproxy.index_url, *quickly, "words").failed()
    assert spoiled.target.installed() == {}
    there = [*(pyproxy.storage / FILES_NAME).rglob("*"), *(pyproxy.storage / TEMPORARY_NAME).rglob("*")]
    assert not [path for path in there if path.is_file() and path.stat().st_size >= 500_000]

    upstream.apply(lambda server: server.clear_behaviours())
    healthy = make_client()
    healthy.pip_install(pyproxy.index_url, "words").succeeded()
    assert healthy.target.installed() == {"words": "1.0"}


def test_an_unknown_project_is_reported_as_such(pyproxy: PyproxyServer, client: Client) -> None:
    """(check 4)"""
    run = client.pip_install(pyproxy.index_url, "no-such-project").failed()
    assert "No matching distribution found for no-such-project" in run.text


def test_an_upstream_behind_a_password_serves_page_and_file(
    upstream: UpstreamThread, start_pyproxy: StartPyproxy, make_client: MakeClient
) -> None:
    """(check 63, first half) The password is pyproxy's; the client needs none, and it shows up nowhere."""
    upstream.publish_wheel("words", "1.0")
    upstream.switch(username="builder", password="s3cret-word")
    pyproxy = start_pyproxy(
        {"name": "guarded", "url": upstream.url, "username": "builder", "password": "s3cret-word", "on_failure": "stop"}
    )
    for _ in ("cold", "warm"):
        client = make_client()
        run = client.pip_install(pyproxy.index_url, "-vvv", "words").succeeded()
        assert client.target.installed() == {"words": "1.0"}
        assert "s3cret-word" not in run.text
    assert "s3cret-word" not in pyproxy.log
