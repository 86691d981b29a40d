"""Whatever comes over the wire is answered, by no 5xx, and writes nothing outside the storage directory."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tornado.ioloop import IOLoop

from pyproxy.handlers.api.operations import TABLE
from tests.distributions import make_wheel
from tests.fuzz.profile import examples
from tests.fuzz.upstream_pages import FILENAMES
from tests.fuzz.values import ODD_TEXTS, objects, written
from tests.fuzz.wire import ODD_SEGMENTS, Header, faults_in, headers, request, send, status_of, text
from tests.http.api.client import script
from tests.http.conftest import StartProxy
from tests.http.proxy import JSON
from tests.upstream_server import UpstreamServer

_SEGMENTS = text(
    *(
        "simple",
        "files",
        "pypi",
        "json",
        "demo",
        "Demo",
        "dem%6F",
        "a" * 64,
        "demo-1.0-py3-none-any.whl",
        "demo-1.0.zip.metadata",
    ),
    *(
        "..",
        ".",
        "%2e%2e",
        "%2f",
        "%00",
        "%ff",
        "%ed%a0%80",
        "\xff",
        "\xc3\xa9",
        "1.0",
        "1!0+a",
        "%0d%0a",
        "admin",
        "api",
        "v1",
    ),
    *(
        "static",
        "pyproxy.css",
        "healthz",
        "metrics",
        "legacy",
        "setup",
        "sign-in",
        "projects",
        "demo%3C",
        "a" * 300,
        "",
        "~",
        "-",
    ),
    *("packages", "+simple", "+f", "root", "9" * 5000, "1." * 200 + "1"),
)
_PATHS = st.lists(_SEGMENTS, min_size=1, max_size=5).map(lambda parts: b"/" + b"/".join(parts)) | st.builds(
    lambda prefix, name, end: prefix + name + end,
    text(
        "/simple/",
        "/files/demo/",
        "/files/demo/" + "a" * 64 + "/",
        "/pypi/",
        "/pypi/demo/",
        "/packages/",
        "/admin/projects/",
    ),
    _SEGMENTS,
    text("", "/", "/json", "/json/", "?", "/demo"),
)
_QUERIES = text(
    *(
        "",
        "",
        "",
        "?",
        "?format=x",
        "?format=\xff",
        "?format=text%2Fhtml",
        "?a=%ff",
        "?page=-1",
        "?q=%00&after=%ff&limit=9" + "9" * 30,
    ),
    *("?cursor=x", "?range=x", "?format=application/vnd.pypi.simple.v1+json", "?%", "?" + "a=b&" * 50, "?\x7f"),
)
_METHODS = text("GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "GE\xff")
_BODIES = st.binary(max_size=20) | text(
    "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--\r\n", "a=%ff&b", "{}"
)


def test_every_request_is_answered(
    io_loop: IOLoop, upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    filename, content, metadata = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content, metadata=metadata)
    proxy = io_loop.run_sync(lambda: start_proxy(upstream))

    @examples(400)
    @given(_METHODS, _PATHS, _QUERIES, headers(often={}), _BODIES)
    @example(b"GET", b"/pypi/demo/%ff/json", b"", [(b"Host", b"a")], b"")
    def check(method: bytes, path: bytes, query: bytes, sent: list[Header], body: bytes) -> None:
        length = (
            [] if any(name in (b"Content-Length", b"Transfer-Encoding") for name, _ in sent) else [b"%d" % len(body)]
        )
        whole = request(
            method, path + query, [*sent, *((b"Content-Length", each) for each in length)], body if length else b""
        )
        received = send(io_loop, proxy, whole)
        if received:
            assert 200 <= status_of(received) < 500, received[:300]
        assert not faults_in(caplog)

    check()


_FIELDS = st.sampled_from(
    sorted({name for each in TABLE.operations if each.body is not None for name in each.body.__struct_fields__})
)
_API_BODIES = (
    st.lists(st.tuples(_FIELDS, objects(a=st.just(1)) | ODD_TEXTS | st.integers()), max_size=3)
    .map(lambda pairs: "{" + ",".join(f"{written(name)}:{written(value)}" for name, value in pairs) + "}")
    .map(lambda body: body.encode("utf-8", "surrogatepass"))
)
_OPERATIONS = st.sampled_from([each for each in TABLE.operations if "test" not in each.path])


def test_every_call_of_the_api_is_answered(
    io_loop: IOLoop, upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    """With bytes that the generator of requests that are right by their description does not send."""
    proxy = io_loop.run_sync(lambda: start_proxy(upstream, offline=True))
    token = script(proxy).headers["Authorization"].encode()

    @examples(250)
    @given(
        _OPERATIONS,
        ODD_SEGMENTS,
        _QUERIES,
        _API_BODIES | _BODIES | text("[" * 50_000, '{"a":' * 50_000, '{"a":"\xff"}'),
    )
    def check(operation: object, segment: bytes, query: bytes, body: bytes) -> None:
        path = re.sub(r"\{[^}]*\}", "{}", operation.path).encode().replace(b"{}", segment)  # type: ignore[attr-defined]
        fields = [(b"Host", b"a"), (b"Authorization", token), (b"Content-Type", b"application/json")]
        fields.append((b"Content-Length", b"%d" % len(body)))
        method = operation.method.encode()  # type: ignore[attr-defined]
        received = send(io_loop, proxy, request(method, b"/api/v1" + path + query, fields, body))
        assert not received or 200 <= status_of(received) < 500, received[:500]
        assert not faults_in(caplog)

    check()


def test_files_of_every_name_lie_in_the_storage_directory(
    io_loop: IOLoop, upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    """By their sha256, whatever an upstream calls them; and each can be had by the link that its page has."""
    proxy = io_loop.run_sync(lambda: start_proxy(upstream))
    number = iter(range(10_000))

    @examples(40)
    @given(st.lists(FILENAMES | ODD_TEXTS, min_size=1, max_size=4, unique=True))
    def check(names: list[str]) -> None:
        project = f"odd-{next(number)}"
        wheel = make_wheel(project, "1.0")[1]
        upstream.add_file(project, "x-1.0-py3-none-any.whl", wheel)
        link = upstream.url.rstrip("/") + f"/packages/{project}/x-1.0-py3-none-any.whl"
        page = {
            "meta": {"api-version": "1.0"},
            "name": project,
            "files": [{"filename": name, "url": link, "hashes": {}} for name in names],
        }
        upstream.set_page(project, written(page).encode(), JSON)
        listed = io_loop.run_sync(lambda: proxy.get(f"/simple/{project}/", {"Accept": JSON}))
        assert listed.status in (200, 502)
        for entry in listed.json()["files"] if listed.status == 200 else ():
            path = urljoin(f"/simple/{project}/", entry["url"])
            answer = io_loop.run_sync(lambda path=path: proxy.get(path))
            assert answer.status in (200, 502), (entry, answer.status)

    check()
    storage = proxy.config.storage.directory
    assert [path for path in tmp_path.iterdir() if path != storage] == []
    assert proxy.kept()
    for path in (storage / "files").rglob("*"):
        assert path.is_dir() or re.fullmatch(r"[0-9a-f]{64}(?:\.json)?|\..*", path.name), path
