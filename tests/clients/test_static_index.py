"""nginx with generated pages, and with nothing but a folder, as the upstream; behind a company's own authority."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.distributions import make_wheel
from tests.upstream.certificates import HOSTS, Authority

from .conftest import JSON_PAGE, MakeClient, StartPyproxy
from .front import Nginx
from .static_index import StaticIndex

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(Nginx.program() is None, reason="nginx is not installed (apt install nginx-light)"),
]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Nobody but ``ca_bundle`` makes pyproxy trust it."""
    return Authority(tmp_path)


@pytest.fixture
def index(running: ExitStack, tmp_path: Path, authority: Authority) -> StaticIndex:
    """A running static index with TLS: ``greeting`` 1.0, which needs ``words``, and ``words`` 1.0 and 3.0+cu124."""
    certificate, key = authority.issue(HOSTS[0], HOSTS)
    index = StaticIndex(tmp_path / "static", certificate=certificate, key=key)
    for name, version, extra in (
        ("words", "1.0", ""),
        ("words", "3.0+cu124", ""),
        ("greeting", "1.0", "Requires-Dist: words\n"),
    ):
        filename, content, metadata = make_wheel(name, version, metadata_extra=extra)
        index.add(name, filename, content, metadata)
    return running.enter_context(index)


@pytest.mark.parametrize(
    ("path", "index_path", "installer"),
    [
        ("", "simple", "pip_install"),
        ("/simple/", "simple", "uv_pip_install"),
        ("/flat/", "", "pip_install"),
        ("", "flat", "uv_pip_install"),
        ("/listing/", "", "pip_install"),
        ("/listing", "", "uv_pip_install"),
    ],
)
def test_an_install_works_cold_warm_and_with_the_static_index_stopped(
    path: str,
    index_path: str,
    installer: str,
    index: StaticIndex,
    authority: Authority,
    start_pyproxy: StartPyproxy,
    make_client: MakeClient,
) -> None:
    """Generated pages with ``<base>`` or ``../``-links, a flat index, and nginx's own listing (check 83, pain 21)."""
    upstream = {"name": "static", "url": f"{index.url}{path}", "index_path": index_path, "index_ttl": "0s"}
    pyproxy = start_pyproxy({**upstream, "ca_bundle": str(authority.certificate)})
    for moment in ("cold", "warm", "stopped"):
        if moment == "stopped":
            index.stop()
        client = make_client()
        getattr(client, installer)(pyproxy.index_url, "greeting", "words==3.0+cu124").succeeded()
        assert client.target.installed() == {"greeting": "1.0", "words": "3.0+cu124"}


def test_a_certificate_that_nobody_vouches_for_is_an_error_that_says_so(
    index: StaticIndex, start_pyproxy: StartPyproxy, make_client: MakeClient
) -> None:
    """(pain 34)"""
    pyproxy = start_pyproxy({"name": "static", "url": index.url})
    answer = pyproxy.get("/simple/words/", JSON_PAGE)
    assert answer.status == 502
    assert "upstream static" in answer.reason
    assert "certificate" in answer.reason
    run = make_client({"UV_HTTP_RETRIES": "0"}).uv_pip_install(pyproxy.index_url, "words").failed()
    assert "certificate" in run.text


@pytest.mark.parametrize("installer", ["pip_install", "uv_pip_install"])
def test_without_verification_it_works_and_is_shown_as_a_warning(
    installer: str, index: StaticIndex, start_pyproxy: StartPyproxy, make_client: MakeClient
) -> None:
    pyproxy = start_pyproxy({"name": "static", "url": index.url, "verify_ssl": False})
    client = make_client()
    getattr(client, installer)(pyproxy.index_url, "words==1.0").succeeded()
    assert client.target.installed() == {"words": "1.0"}
    assert "verify_ssl" in pyproxy.log


def test_a_folder_of_files_gets_hashes_on_the_way(
    index: StaticIndex, authority: Authority, start_pyproxy: StartPyproxy, make_client: MakeClient
) -> None:
    """nginx's listing has none; what was downloaded once is listed with one, and pip checks it (pain 25)."""
    bundle = str(authority.certificate)
    pyproxy = start_pyproxy(
        {"name": "static", "url": f"{index.url}/listing/", "index_path": "", "ca_bundle": bundle, "index_ttl": "0s"}
    )
    make_client().pip_install(pyproxy.index_url, "words==1.0").succeeded()
    client = make_client()
    run = client.uv_pip_compile(pyproxy.index_url, ["words==1.0"], "--generate-hashes").succeeded()
    assert "--hash=sha256:" in run.out
    locked = client.folder / "locked.txt"
    locked.write_text(run.out, encoding="utf-8")
    client.pip_install(pyproxy.index_url, "--require-hashes", "-r", str(locked)).succeeded()
