"""Dependabot, Renovate and pip-audit: what each asks, with its own headers, and what it reads of the answer.

They are hosted services, or tied to the public index, so their requests are written here as their sources make them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from tests.http.legacy_documents import publish_with_document

from ..server import Answer, PyproxyServer
from ..upstream_thread import UpstreamThread
from .catalogue import lose

pytestmark = pytest.mark.clients

DEPENDABOT = {
    "User-Agent": "dependabot-core/0.390.0 excon/1.3.0 ruby/3.4.7 (x86_64-linux) (+https://github.com/dependabot)",
}
RENOVATE = {
    "User-Agent": "RenovateBot/43.0.0 (https://github.com/renovatebot/renovate)",
    "Accept-Encoding": "gzip, deflate, br",
}
RENOVATE_SIMPLE = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
PIP_AUDIT = {"User-Agent": "python-requests/2.34.2", "Accept": "*/*", "Accept-Encoding": "identity"}

VERSIONS = ["1.0", "2.0", "3.0", "4.0"]


def ask(pyproxy: PyproxyServer, path: str, headers: Mapping[str, str]) -> Answer:
    """GET that follows redirects, as all of them do."""
    answer = pyproxy.get(path, {**headers, "Accept-Encoding": "identity"})
    if "Location" in answer.headers:
        target = urlsplit(urljoin(f"{pyproxy.url}{path}", answer.headers["Location"]))
        assert target.netloc == f"127.0.0.1:{pyproxy.port}"
        return ask(pyproxy, target.path, headers)
    return answer


def document(answer: Answer) -> Any:
    """The legacy JSON document."""
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    return json.loads(answer.body)


@pytest.mark.parametrize("name", ["greeting", "Greeting", "GREETING"])
def test_dependabot_reads_releases_by_the_name_as_people_write_it(
    name: str, hashes: dict[str, str], pyproxy: PyproxyServer
) -> None:
    """It replaces ``/simple/`` by ``/pypi/`` and takes the last file of each release (check 81, pain 37)."""
    releases = document(ask(pyproxy, f"/pypi/{name}/json", {**DEPENDABOT, "Accept": "application/json"}))["releases"]
    assert sorted(releases) == VERSIONS
    last = {version: files[-1] for version, files in releases.items()}
    assert {version: file["upload_time"] for version, file in last.items()} == dict.fromkeys(
        VERSIONS, "2020-01-01T00:00:00"
    )
    assert [version for version, file in last.items() if file["yanked"]] == ["3.0"]
    assert last["3.0"]["yanked_reason"] == "speaks nonsense"
    assert last["4.0"]["requires_python"] == ">=4"
    assert last["2.0"]["digests"]["sha256"] == hashes["greeting-2.0-py3-none-any.whl"]
    assert last["2.0"]["url"].startswith(f"{pyproxy.url}/files/greeting/")


def test_dependabot_falls_back_to_the_html_page(hashes: dict[str, str], pyproxy: PyproxyServer) -> None:
    """(check 9) It asks for ``text/html`` alone and reads the links' text and ``data-yanked``."""
    answer = ask(pyproxy, "/simple/greeting/", {**DEPENDABOT, "Accept": "text/html"})
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    links = re.findall(r"<a ([^>]*)>([^<]*)</a>", answer.body.decode())
    assert sorted(text for _, text in links) == [f"greeting-{version}-py3-none-any.whl" for version in VERSIONS]
    assert [text for attributes, text in links if "data-yanked" in attributes] == ["greeting-3.0-py3-none-any.whl"]


def test_renovate_with_a_base_address_asks_json_first(hashes: dict[str, str], pyproxy: PyproxyServer) -> None:
    """Its registry address is ``…/pypi/``, the name normalised (pain 37)."""
    releases = document(ask(pyproxy, "/pypi/greeting/json", {**RENOVATE, "Accept": "application/json"}))["releases"]
    assert sorted(releases) == VERSIONS
    assert all(file["upload_time"] for files in releases.values() for file in files)


def test_renovate_with_an_index_address_reads_times_off_the_simple_page(
    hashes: dict[str, str], pyproxy: PyproxyServer
) -> None:
    """(pain 7)"""
    answer = ask(pyproxy, "/simple/greeting/", {**RENOVATE, "Accept": RENOVATE_SIMPLE})
    assert answer.headers["Content-Type"] == "application/vnd.pypi.simple.v1+json"
    files = json.loads(answer.body)["files"]
    assert {file["upload-time"] for file in files} == {"2020-01-01T00:00:00.000000Z"}


def test_renovate_falls_back_to_the_simple_page_of_an_unknown_project_and_finds_none(
    hashes: dict[str, str], pyproxy: PyproxyServer
) -> None:
    """(check 4) Nothing may look like a project without releases."""
    assert ask(pyproxy, "/pypi/no-such/json", {**RENOVATE, "Accept": "application/json"}).status == 404
    assert ask(pyproxy, "/simple/no-such/", {**RENOVATE, "Accept": RENOVATE_SIMPLE}).status == 404


def test_pip_audit_reads_the_vulnerabilities_of_one_release_cold_warm_and_with_the_upstream_gone(
    upstream: UpstreamThread, pyproxy: PyproxyServer
) -> None:
    """It asks for the version as it is installed: ``1`` and ``1.0`` are one (check 82, pain 37)."""
    upstream.apply(lambda server: publish_with_document(server, "audited", "1.0", "2.0"))
    for path in ("/pypi/audited/1.0/json", "/pypi/audited/1.0/json", "/pypi/audited/1/json"):
        said = document(ask(pyproxy, path, PIP_AUDIT))["vulnerabilities"]
        assert [each["id"] for each in said] == ["DEMO-1.0"]
    lose(upstream, pyproxy, "audited")
    said = document(ask(pyproxy, "/pypi/audited/1.0/json", PIP_AUDIT))["vulnerabilities"]
    assert [each["id"] for each in said] == ["DEMO-1.0"]


def test_pip_audit_hears_of_an_unknown_release_that_it_is_unknown(
    hashes: dict[str, str], pyproxy: PyproxyServer
) -> None:
    """(pain 27) It reports such a dependency as skipped; a 200 without vulnerabilities would say that it is safe."""
    assert ask(pyproxy, "/pypi/greeting/9.9/json", PIP_AUDIT).status == 404
