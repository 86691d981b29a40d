"""devpi-server as pyproxy's upstream, its packages uploaded with twine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.distributions import make_wheel

from . import venvs
from .conftest import JSON_PAGE, MakeClient, StartPyproxy
from .devpi import DevpiServer
from .pages import files_of

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def one_devpi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevpiServer]:
    """``greeting`` 1.0, which needs ``words``, and ``words`` 1.0 and 3.0+cu124, at ``team/main``."""
    folder = tmp_path_factory.mktemp("devpi")
    server = DevpiServer(folder, venvs.kept(venvs.DEVPI), venvs.kept(venvs.TWINE), core_metadata=True)
    with server:
        server.make_index()
        for name, version, extra in (
            ("words", "1.0", ""),
            ("words", "3.0+cu124", ""),
            ("greeting", "1.0", "Requires-Dist: words\nRequires-Python: >=3.8\n"),
        ):
            filename, content, _ = make_wheel(name, version, metadata_extra=extra)
            server.upload(filename, content)
        yield server


@pytest.fixture
def devpi(one_devpi: DevpiServer) -> DevpiServer:
    """The same for every test, and running when a test begins."""
    return one_devpi if one_devpi.running else one_devpi.start()


@pytest.fixture(params=["index URL", "base URL and index_path"])
def upstream(request: pytest.FixtureRequest, devpi: DevpiServer) -> dict[str, str]:
    """The two ways of writing it down."""
    if request.param == "index URL":
        return {"name": "devpi", "url": devpi.index_url, "index_ttl": "0s"}
    return {"name": "devpi", "url": devpi.base_url, "index_path": "+simple", "index_ttl": "0s"}


def test_its_page_comes_through_field_by_field(
    upstream: dict[str, str], devpi: DevpiServer, start_pyproxy: StartPyproxy
) -> None:
    """JSON 1.0 without sizes, upload times and versions; the metadata has no hash (checks 18, 19, 20)."""
    pyproxy = start_pyproxy(upstream)
    for project, count in (("words", 2), ("greeting", 1)):
        files = files_of(pyproxy.index_url, project)
        assert len(files) == count
        assert files == files_of(devpi.index_url, project)


def test_a_name_that_devpi_does_not_have_is_not_found(upstream: dict[str, str], start_pyproxy: StartPyproxy) -> None:
    """(check 4)"""
    pyproxy = start_pyproxy(upstream)
    assert pyproxy.get("/simple/unheard-of/", JSON_PAGE).status == 404


def test_a_file_uploaded_with_twine_is_there_at_once(
    devpi: DevpiServer, start_pyproxy: StartPyproxy, make_client: MakeClient
) -> None:
    """(pain 9)"""
    pyproxy = start_pyproxy({"name": "devpi", "url": devpi.index_url, "index_ttl": "0s", "missing_ttl": "0s"})
    assert pyproxy.get("/simple/late-riser/", JSON_PAGE).status == 404
    filename, content, _ = make_wheel("late-riser", "1.0")
    devpi.upload(filename, content)
    client = make_client()
    client.uv_pip_install(pyproxy.index_url, "late-riser").succeeded()
    assert client.target.installed() == {"late-riser": "1.0"}


def test_installs_work_cold_warm_and_with_devpi_stopped(
    devpi: DevpiServer, start_pyproxy: StartPyproxy, make_client: MakeClient
) -> None:
    """Last, since devpi takes its time to start again (pain 21)."""
    pyproxy = start_pyproxy({"name": "devpi", "url": devpi.index_url, "index_ttl": "0s"})
    for moment in ("cold", "warm", "stopped"):
        if moment == "stopped":
            devpi.stop()
        for installer in ("pip_install", "uv_pip_install"):
            client = make_client()
            getattr(client, installer)(pyproxy.index_url, "greeting", "words==3.0+cu124").succeeded()
            assert client.target.installed() == {"greeting": "1.0", "words": "3.0+cu124"}
