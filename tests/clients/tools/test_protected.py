"""Project managers at a server where not everybody may install: each with the setting that it has for that."""

from __future__ import annotations

import pytest

from ..conftest import StartPyproxy
from ..server import PyproxyServer
from ..upstream_thread import UpstreamThread
from .catalogue import EXPECTED
from .conftest import MakeTool
from .pdm import Pdm
from .pipenv import Pipenv
from .poetry import Poetry

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("hashes")]

WANTED = ("greeting", "bare")


@pytest.fixture
def pyproxy(start_pyproxy: StartPyproxy, upstream: UpstreamThread) -> PyproxyServer:
    """In place of the one that is open to everybody."""
    return start_pyproxy({"name": "scripted", "url": upstream.url}, access={"anonymous_read": False})


def test_poetry_without_credentials_says_that_it_is_not_authorised(pyproxy: PyproxyServer, make_tool: MakeTool) -> None:
    """(check 61)"""
    user = make_tool(Poetry)
    user.begin(WANTED, pyproxy.index_url)
    assert "Authorization error" in user.run("lock").failed().text


def test_pdm_with_a_user_name_and_a_password(pyproxy: PyproxyServer, make_tool: MakeTool) -> None:
    """(check 63)"""
    token, user = pyproxy.add_token("laptop"), make_tool(Pdm)
    user.begin(WANTED, pyproxy.index_url)
    user.run("config", "pypi.username", "token").succeeded()
    user.run("config", "pypi.password", token).succeeded()
    user.run("install").succeeded()
    assert user.installed() == EXPECTED
    assert token not in user.read("pdm.lock")


def test_pipenv_with_a_variable_in_its_pipfile(pyproxy: PyproxyServer, make_tool: MakeTool) -> None:
    """(check 63)"""
    token = pyproxy.add_token("laptop")
    user = make_tool(Pipenv, {"TOKEN": token})
    user.begin(pyproxy.index_url.replace("://", "://token:${TOKEN}@").rstrip("/"))
    user.run("install").succeeded()
    assert user.installed() == EXPECTED
    assert token not in user.read("Pipfile.lock")
