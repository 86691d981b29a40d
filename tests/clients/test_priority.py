"""Two indexes hold a project of the same name: who wins, and who answers while the first is down.

The first is a private pypiserver behind a password, the second a public index (the scripted upstream) where somebody
has published higher versions of the private names.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.distributions import make_wheel

from .conftest import MakeClient, MakePypiServer, StartPyproxy
from .pypiserver import PypiServer
from .server import Answer, PyproxyServer
from .upstream_thread import UpstreamThread

pytestmark = pytest.mark.clients

JSON_PAGE = {"Accept": "application/vnd.pypi.simple.v1+json"}
RECOVERY_LIMIT_SECONDS = 120
NO_RETRIES = {"UV_HTTP_RETRIES": "0"}
NO_RETRIES_OF = {"pip_install": ["--retries", "0"], "uv_pip_install": []}

PRIVATE = {"secretlib": "1.0"}
PUBLIC = {"secretlib": "99.0"}


@pytest.fixture
def public(upstream: UpstreamThread) -> UpstreamThread:
    """The public index: the tempting ``secretlib`` 99.0, and ``words`` 1.0, which only it has."""
    upstream.publish_wheel("secretlib", "99.0")
    upstream.publish_wheel("words", "1.0")
    return upstream


@pytest.fixture
def private(make_pypiserver: MakePypiServer) -> PypiServer:
    """The running private index with the real ``secretlib`` 1.0; 404 for all else."""
    server = make_pypiserver()
    filename, content, _ = make_wheel("secretlib", "1.0")
    server.add(filename, content)
    return server.start()


@pytest.fixture
def start(
    start_pyproxy: StartPyproxy, private: PypiServer, public: UpstreamThread
) -> Callable[[Mapping[str, Any]], PyproxyServer]:
    """``start(settings of the private upstream)``: pyproxy in front of both, nothing fresh for long."""
    account = {"username": private.username, "password": private.password, "index_ttl": "0s", "missing_ttl": "0s"}

    def started(settings: Mapping[str, Any]) -> PyproxyServer:
        first = {"name": "private", "url": private.url, **account, **settings}
        second = {"name": "public", "url": public.url, "index_ttl": "0s", "missing_ttl": "0s"}
        return start_pyproxy(first, second)

    return started


Start = Callable[[Mapping[str, Any]], PyproxyServer]
both_installers = pytest.mark.parametrize("installer", ["pip_install", "uv_pip_install"])


@both_installers
def test_the_first_index_wins_and_the_second_never_hears_of_the_name(
    installer: str, start: Start, public: UpstreamThread, make_client: MakeClient
) -> None:
    """A higher version on the public index is no reason to take it (dependency confusion)."""
    pyproxy, client = start({}), make_client()
    getattr(client, installer)(pyproxy.index_url, "secretlib", "words").succeeded()
    assert client.target.installed() == {**PRIVATE, "words": "1.0"}
    assert public.count("/simple/secretlib/") == 0
    assert pyproxy.get("/simple/secretlib/", JSON_PAGE).headers["X-Pyproxy-Upstream"] == "private"
    assert pyproxy.get("/simple/words/", JSON_PAGE).headers["X-Pyproxy-Upstream"] == "public"


def test_a_pin_that_only_the_second_index_has_is_not_found(
    start: Start, public: UpstreamThread, make_client: MakeClient
) -> None:
    make_client().pip_install(start({}).index_url, "secretlib==99.0").failed()
    assert public.count("/simple/secretlib/") == 0


@both_installers
@pytest.mark.parametrize("on_failure", ["next", "stop"])
def test_a_stopped_first_index_is_answered_from_what_is_known_of_it(
    installer: str, on_failure: str, start: Start, private: PypiServer, public: UpstreamThread, make_client: MakeClient
) -> None:
    pyproxy = start({"on_failure": on_failure})
    make_client().pip_install(pyproxy.index_url, "secretlib").succeeded()
    private.stop()
    client = make_client()
    getattr(client, installer)(pyproxy.index_url, "secretlib").succeeded()
    assert client.target.installed() == PRIVATE
    page = pyproxy.get("/simple/secretlib/", JSON_PAGE)
    assert page.status == 200
    assert "fwd=stale" in page.headers["Cache-Status"]
    assert page.headers["X-Pyproxy-Upstream"] == "private"
    assert public.count("/simple/secretlib/") == 0


def test_a_404_that_is_known_of_the_first_index_moves_on_while_it_is_stopped(
    start: Start, private: PypiServer, make_client: MakeClient
) -> None:
    pyproxy = start({})
    make_client().pip_install(pyproxy.index_url, "words").succeeded()
    private.stop()
    page = pyproxy.get("/simple/words/", JSON_PAGE)
    assert page.headers["X-Pyproxy-Upstream"] == "public"
    assert "degraded" not in page.headers["Cache-Status"]


@both_installers
def test_an_unknown_name_goes_to_the_next_index_degraded_while_the_first_is_stopped(
    installer: str, start: Start, private: PypiServer, make_client: MakeClient
) -> None:
    """The default, ``on_failure: next``; not remembered, so the first index owns the name again once it is back."""
    pyproxy = start({"on_failure": "next"})
    private.stop()
    client = make_client()
    getattr(client, installer)(pyproxy.index_url, "secretlib").succeeded()
    assert client.target.installed() == PUBLIC
    page = pyproxy.get("/simple/secretlib/", JSON_PAGE)
    assert "degraded" in page.headers["Cache-Status"]
    assert page.headers["Cache-Control"] == "max-age=0"

    private.start()
    _until(pyproxy, lambda answer: answer.headers["X-Pyproxy-Upstream"] == "private")
    again = make_client()
    getattr(again, installer)(pyproxy.index_url, "secretlib").succeeded()
    assert again.target.installed() == PRIVATE


@both_installers
def test_an_unknown_name_is_an_error_under_on_failure_stop_while_the_first_is_stopped(
    installer: str, start: Start, private: PypiServer, public: UpstreamThread, make_client: MakeClient
) -> None:
    pyproxy = start({"on_failure": "stop"})
    private.stop()
    client = make_client(NO_RETRIES)
    getattr(client, installer)(pyproxy.index_url, *NO_RETRIES_OF[installer], "secretlib").failed()
    assert client.target.installed() == {}
    page = pyproxy.get("/simple/secretlib/", JSON_PAGE)
    assert page.status == 502
    assert page.headers["Content-Type"] == "application/problem+json"
    assert 1 <= int(page.headers["Retry-After"]) <= 5
    assert "upstream private" in page.reason
    assert public.count("/simple/secretlib/") == 0

    private.start()
    _until(pyproxy, lambda answer: answer.status == 200)
    again = make_client()
    getattr(again, installer)(pyproxy.index_url, "secretlib").succeeded()
    assert again.target.installed() == PRIVATE


def test_a_name_reserved_by_projects_is_never_asked_of_another_index(
    start: Start, public: UpstreamThread, make_client: MakeClient
) -> None:
    """Not even a name that the private index does not have."""
    public.publish_wheel("secretlib-plugin", "1.0")
    pyproxy = start({"projects": ["secretlib*"]})
    make_client().pip_install(pyproxy.index_url, "secretlib-plugin").failed()
    assert pyproxy.get("/simple/secretlib-plugin/", JSON_PAGE).status == 404
    assert public.count("/simple/secretlib") == 0


def test_every_file_of_a_page_is_answered_also_after_the_first_index_came_back(
    start: Start, private: PypiServer, public: UpstreamThread
) -> None:
    """The hash in a link carries the decision: page and file cannot disagree when an upstream recovers between."""
    pyproxy = start({"on_failure": "next"})
    private.stop()
    degraded = pyproxy.get("/simple/secretlib/", {"Accept": "text/html"})
    link = degraded.body.decode().split('href="')[1].split('"')[0].split("#")[0]
    private.start()
    _until(pyproxy, lambda answer: answer.headers["X-Pyproxy-Upstream"] == "private")
    file = pyproxy.get("/" + link.removeprefix("../../"))
    assert file.status == 200
    assert file.headers["X-Pyproxy-Upstream"] == "public"


def _until(pyproxy: PyproxyServer, condition: Callable[[Answer], bool]) -> None:
    """Ask for the page of ``secretlib`` until it is as wanted: a resting upstream is probed in the background."""
    deadline = time.monotonic() + RECOVERY_LIMIT_SECONDS
    while not condition(answer := pyproxy.get("/simple/secretlib/", JSON_PAGE)):
        assert time.monotonic() < deadline, f"still {answer.status} {answer.reason} {answer.headers.items()}"
        time.sleep(0.2)
