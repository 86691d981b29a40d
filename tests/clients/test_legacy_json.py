"""The legacy JSON API in front of real index servers, none of which has it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.distributions import make_wheel
from tests.waiting import wait_until

from . import venvs
from .conftest import MakePypiServer, StartPyproxy
from .devpi import DevpiServer
from .server import PyproxyServer

pytestmark = pytest.mark.clients

NAME, CONTENT, _ = make_wheel("greeting", "1.0", metadata_extra="Requires-Dist: words\nSummary: Hello\n")


def document(pyproxy: PyproxyServer, path: str) -> Any:
    """The document there, which must be one."""
    answer = pyproxy.get(path, {"Accept": "application/json"})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json"), answer
    return json.loads(answer.body)


def test_documents_of_pypiservers_projects_are_made(
    make_pypiserver: MakePypiServer, start_pyproxy: StartPyproxy
) -> None:
    """It lists no metadata: that is read out of the end of the wheel (pains 21, 37)."""
    server = make_pypiserver()
    server.add(NAME, CONTENT)
    server.start()
    account = {"username": server.username, "password": server.password}
    pyproxy = start_pyproxy({"name": "private", "url": server.url, **account})

    told = document(pyproxy, "/pypi/greeting/json")
    assert (list(told["releases"]), told["info"]["requires_dist"]) == (["1.0"], ["words"])
    content = pyproxy.get(told["urls"][0]["url"].removeprefix(pyproxy.url), {}).body
    assert hashlib.sha256(content).hexdigest() == hashlib.sha256(CONTENT).hexdigest()

    def summary() -> str | None:
        return document(pyproxy, "/pypi/greeting/1/json")["info"]["summary"]

    wait_until(lambda: summary() == "Hello")  # a file is kept right after its last byte has been sent
    assert document(pyproxy, "/pypi/greeting/json")["info"]["requires_dist"] == ["words"]


def test_documents_of_devpis_projects_are_made_from_its_metadata_files(
    tmp_path: Path, start_pyproxy: StartPyproxy
) -> None:
    """It answers ``application/json`` with JSON of its own below the place where the document would be (pain 21)."""
    server = DevpiServer(tmp_path, venvs.kept(venvs.DEVPI), venvs.kept(venvs.TWINE), core_metadata=True)
    with server:
        server.make_index()
        server.upload(NAME, CONTENT)
        pyproxy = start_pyproxy({"name": "devpi", "url": server.index_url})

        told = document(pyproxy, "/pypi/greeting/json")

    assert (list(told["releases"]), told["info"]["requires_dist"]) == (["1.0"], ["words"])
    assert told["urls"][0]["digests"]["sha256"] == hashlib.sha256(CONTENT).hexdigest()
