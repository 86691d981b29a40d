"""The nginx and Caddy files of ``deploy/`` before a real server, with TLS: at a name of its own, and below a path."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pycurl
import pytest

from tests.upstream_server import Chunked, Corrupt, Hold
from tests.waiting import wait_until

from .conftest import MakeClient, StartPyproxy
from .deployed import DEPLOY, DeployedCaddy, DeployedNginx, Front
from .server import PyproxyServer
from .upstream_thread import UpstreamThread

pytestmark = pytest.mark.clients

FRONTS: dict[str, type[Front]] = {"nginx": DeployedNginx, "caddy": DeployedCaddy}
PACKAGES = {"nginx": "nginx-light", "caddy": "caddy"}
VARIANTS = ["root_url", "prefixed_url"]

both_variants = pytest.mark.parametrize("variant", VARIANTS)


def installed(name: str) -> type[Front]:
    if FRONTS[name].program() is None:
        pytest.skip(f"{name} is not installed (apt install {PACKAGES[name]})")
    return FRONTS[name]


@pytest.fixture
def pyproxy(start_pyproxy: StartPyproxy, upstream: UpstreamThread) -> PyproxyServer:
    """As the files tell their readers to configure it."""
    settings = {"name": "scripted", "url": upstream.url}
    return start_pyproxy(settings, server={"trusted_proxies": ["127.0.0.1/32"]})


@pytest.fixture(params=list(FRONTS))
def front(request: pytest.FixtureRequest, pyproxy: PyproxyServer, running: ExitStack, tmp_path: Path) -> Front:
    front = installed(request.param)(tmp_path / request.param, pyproxy.port)
    running.callback(lambda: print(front.log))
    return running.enter_context(front)


@contextmanager
def asked(front: Front, url: str, headers: dict[str, str] | None = None) -> Iterator[http.client.HTTPResponse]:
    """The answer to a GET, of which nothing has been read yet."""
    parts = urlsplit(url)
    connection = http.client.HTTPSConnection(str(parts.hostname), parts.port, timeout=60, context=front.context())
    try:
        connection.request("GET", parts.path, headers=headers or {})
        yield connection.getresponse()
    finally:
        connection.close()


def link_of(front: Front, url: str, project: str) -> str:
    """The absolute address of a project's first file."""
    page = f"{url}/simple/{project}/"
    with asked(front, page) as answer:
        assert answer.status == 200
        found = re.search(r'href="([^"#]+)', answer.read().decode())
    assert found
    return urljoin(page, found[1])


@pytest.mark.parametrize("installer", ["pip_install", "uv_pip_install"])
@both_variants
def test_an_install_works(
    variant: str, installer: str, upstream: UpstreamThread, front: Front, make_client: MakeClient
) -> None:
    """(check 29, pain 19)"""
    upstream.publish_wheel("words", "1.0+local.1")
    upstream.publish_wheel("greeting", "1.0", requires=["Words"])
    client = make_client(front.trust)
    getattr(client, installer)(f"{getattr(front, variant)}/simple/", "greeting").succeeded()
    assert client.target.installed() == {"greeting": "1.0", "words": "1.0+local.1"}


@both_variants
def test_bytes_arrive_while_the_upstream_is_still_sending(variant: str, upstream: UpstreamThread, front: Front) -> None:
    """A front that collects first would let clients run into their time limits."""
    content = upstream.publish_wheel("demo", "1.0", padding=3_000_000)
    held = Hold(asyncio.Event(), after=10_000)
    upstream.apply(lambda server: server.behave("/packages/", held))
    with asked(front, link_of(front, getattr(front, variant), "demo")) as answer:
        begin = answer.read(9_000)
        assert begin == content[:9_000]
        upstream.apply(lambda server: held.event.set())
        assert begin + answer.read() == content


@both_variants
def test_redirects_stay_where_the_visitor_is(variant: str, upstream: UpstreamThread, front: Front) -> None:
    """(checks 2 and 3)"""
    upstream.publish_wheel("words", "1.0")
    url = getattr(front, variant)
    for path in ("/simple", "/simple/Words/", "/simple/words"):
        with asked(front, url + path) as answer:
            assert answer.status in (301, 308)
            location = urljoin(url + path, str(answer.headers["Location"]))
        assert location.startswith(f"{url}/simple/")
    with asked(front, f"{url}/simple/words/") as answer:
        assert answer.status == 200


def test_the_path_without_its_slash_leads_to_the_front_page(front: Front) -> None:
    with asked(front, front.prefixed_url) as answer:
        assert answer.status in (301, 308)
        assert urljoin(front.prefixed_url, str(answer.headers["Location"])) == f"{front.prefixed_url}/"


@both_variants
def test_the_front_page_shows_the_public_address(variant: str, front: Front) -> None:
    url = getattr(front, variant)
    with asked(front, f"{url}/", {"X-Forwarded-Prefix": "/forged", "X-Forwarded-Host": "forged"}) as answer:
        page = answer.read().decode()
    assert f"{url}/simple/" in page
    assert "forged" not in page


@both_variants
def test_ranges_come_through(variant: str, upstream: UpstreamThread, front: Front) -> None:
    content = upstream.publish_wheel("demo", "1.0", padding=500_000)
    link = link_of(front, getattr(front, variant), "demo")
    for _ in ("cold", "warm"):
        with asked(front, link, {"Range": "bytes=-22"}) as answer:
            assert (answer.status, answer.read()) == (206, content[-22:])


@both_variants
def test_the_bytes_of_a_package_are_not_touched(variant: str, upstream: UpstreamThread, front: Front) -> None:
    """Neither compressed nor without their length."""
    content = upstream.publish_wheel("demo", "1.0", padding=500_000)
    with asked(front, link_of(front, getattr(front, variant), "demo"), {"Accept-Encoding": "gzip, br"}) as answer:
        assert answer.headers["Content-Encoding"] is None
        assert answer.headers["Content-Length"] == str(len(content))
        assert "immutable" in str(answer.headers["Cache-Control"])
        assert answer.read() == content


def skip_what_an_old_caddy_cannot(front: Front, sized: bool) -> None:
    if not sized and isinstance(front, DeployedCaddy) and front.ends_broken_transfers_well():
        pytest.skip("a Caddy before 2.8, which ends every transfer of unknown length well; its file says so")


@both_variants
@pytest.mark.parametrize("sized", [True, False])
def test_a_broken_transfer_stays_broken(sized: bool, variant: str, upstream: UpstreamThread, front: Front) -> None:
    """A front that ended it well would let a client keep wrong bytes (F1). Of a small file no byte would have left."""
    skip_what_an_old_caddy_cannot(front, sized)
    upstream.publish_wheel("demo", "1.0", padding=3_000_000, size=sized, sha256="0" * 64)
    upstream.apply(lambda server: server.behave("/packages/", Corrupt() if sized else Chunked()))
    with asked(front, link_of(front, getattr(front, variant), "demo")) as answer:
        assert answer.status == 200
        assert (answer.headers["Content-Length"] is not None) is sized
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer.read()


@pytest.mark.parametrize("sized", [True, False])
def test_a_broken_transfer_stays_broken_over_http_2(sized: bool, upstream: UpstreamThread, front: Front) -> None:
    skip_what_an_old_caddy_cannot(front, sized)
    upstream.publish_wheel("demo", "1.0", padding=3_000_000, size=sized, sha256="0" * 64)
    if not sized:
        upstream.apply(lambda server: server.behave("/packages/", Chunked()))
    handle, received = pycurl.Curl(), bytearray()
    handle.setopt(pycurl.URL, link_of(front, front.root_url, "demo"))
    handle.setopt(pycurl.CAINFO, str(front.authorities))
    handle.setopt(pycurl.PROXY, "")
    handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2_0)
    handle.setopt(pycurl.WRITEFUNCTION, received.extend)
    with pytest.raises(pycurl.error):
        handle.perform()
    assert handle.getinfo(pycurl.INFO_HTTP_VERSION) == pycurl.CURL_HTTP_VERSION_2_0
    assert received
    handle.close()


SendingFront = Callable[[str], Front]


@pytest.fixture
def sending_front(
    start_pyproxy: StartPyproxy, upstream: UpstreamThread, running: ExitStack, tmp_path: Path
) -> SendingFront:
    """nginx before a pyproxy that lets it send files, which lie in ``storage``; where it looks for them is given."""
    installed("nginx")

    def start(looks_in: str) -> Front:
        pyproxy = start_pyproxy(
            {"name": "scripted", "url": upstream.url},
            server={"trusted_proxies": ["127.0.0.1/32"], "accel_redirect": "/kept-files/"},
            storage={"directory": str(tmp_path / "storage")},
        )
        front = running.enter_context(DeployedNginx(tmp_path / "nginx", pyproxy.port, tmp_path / looks_in))
        running.callback(lambda: print(front.log))
        return front

    return start


def kept_link(front: Front, url: str, content: bytes, tmp_path: Path) -> str:
    """The address of the project's file, once it is kept."""
    link = link_of(front, url, "demo")
    with asked(front, link) as answer:
        assert answer.read() == content
    wait_until(lambda: any((tmp_path / "storage" / "files").rglob("*.json")))
    return link


def test_nginx_sends_kept_files_itself(upstream: UpstreamThread, sending_front: SendingFront, tmp_path: Path) -> None:
    """Whole, in part, and only where the client does not have it."""
    front = sending_front("storage")
    content = upstream.publish_wheel("demo", "1.0", padding=500_000)
    sha256 = hashlib.sha256(content).hexdigest()
    etag = f'"{sha256}"'
    for variant in VARIANTS:
        link = kept_link(front, getattr(front, variant), content, tmp_path)
        with asked(front, link) as answer:
            assert (answer.status, answer.read()) == (200, content)
            assert answer.headers["Last-Modified"], "nginx tells the time of files that it sends"
            assert answer.headers.get_all("ETag") == [etag]
            assert answer.headers["Cache-Status"] == "pyproxy; hit"
            assert answer.headers["X-Pyproxy-Upstream"] == "scripted"
            assert "immutable" in str(answer.headers["Cache-Control"])
            assert answer.headers["X-Accel-Redirect"] is None
        for condition in ({}, {"If-Range": etag}):
            with asked(front, link, {"Range": "bytes=-22", **condition}) as answer:
                assert (answer.status, answer.read()) == (206, content[-22:])
        for headers in ({"Range": "bytes=-22", "If-Range": '"other"'}, {"Range": "bytes=0-1,5-9"}):
            with asked(front, link, headers) as answer:
                assert (answer.status, answer.read()) == (200, content)
        with asked(front, link, {"If-None-Match": etag}) as answer:
            assert answer.status == 304
        with asked(front, link, {"If-None-Match": '"other"'}) as answer:
            assert (answer.status, answer.read()) == (200, content)
        for place in (f"/kept-files/{sha256[:2]}/{sha256}", "/kept-files/nothing"):
            with asked(front, urljoin(getattr(front, variant), place)) as answer:
                assert answer.status == 404, "only pyproxy leads there"


def test_what_nginx_does_not_find_is_sent_by_pyproxy(
    upstream: UpstreamThread, sending_front: SendingFront, tmp_path: Path
) -> None:
    """Evicted between the two, or not to be read by nginx's user."""
    front = sending_front("elsewhere")
    content = upstream.publish_wheel("demo", "1.0", padding=500_000)
    for variant in VARIANTS:
        link = kept_link(front, getattr(front, variant), content, tmp_path)
        with asked(front, link) as answer:
            assert (answer.status, answer.read()) == (200, content)
        with asked(front, link, {"Range": "bytes=-22"}) as answer:
            assert (answer.status, answer.read()) == (206, content[-22:])


def test_plain_http_leads_to_tls(pyproxy: PyproxyServer, running: ExitStack, tmp_path: Path) -> None:
    installed("nginx")
    front = running.enter_context(DeployedNginx(tmp_path / "nginx", pyproxy.port))
    connection = http.client.HTTPConnection("127.0.0.1", front.http_port, timeout=60)
    connection.request("GET", "/simple/words/")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Location"]) == (301, "https://127.0.0.1/simple/words/")
    connection.close()


def test_caddy_understands_its_file_as_it_is_shipped() -> None:
    installed("caddy")
    checked = DeployedCaddy.check(DEPLOY / "caddy" / "Caddyfile")
    assert checked.returncode == 0, checked.stderr
    assert "not formatted" not in checked.stderr
