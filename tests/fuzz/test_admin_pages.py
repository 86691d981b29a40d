"""What somebody who is signed in may send is answered, by no 5xx."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tornado.ioloop import IOLoop

from tests.distributions import make_wheel
from tests.fuzz.profile import examples
from tests.fuzz.wire import ODD_SEGMENTS, faults_in, request, send, status_of, text
from tests.http.admin.browser import signed_in, xsrf_of
from tests.http.conftest import StartProxy
from tests.upstream_server import UpstreamServer

_PAGES = st.sampled_from(
    [
        *(
            "",
            "activity",
            "activity/rows",
            "activity/upstreams",
            "activity/upstreams/rows",
            "account",
            "projects",
            "audit",
        ),
        *(
            "projects/{}",
            "projects/{}/file",
            "projects/{}/description",
            "projects/{}/refresh",
            "projects/{}/purge",
            "settings",
        ),
        *(
            "storage",
            "storage/prune",
            "storage/jobs",
            "accounts",
            "accounts/{}",
            "accounts/{}/remove",
            "tokens",
            "tokens/{}/revoke",
        ),
        *(
            "upstreams",
            "upstreams/+add",
            "upstreams/first",
            "upstreams/first/edit",
            "upstreams/{}/copy",
            "upstreams/first/move",
        ),
        *("upstreams/{}/switch", "upstreams/{}/remove", "settings/pyproxy.yaml", "sign-in", "set-up", "{}", "x/{}"),
    ]
)
_FIELD_NAMES = st.sampled_from(
    [
        *(
            "from",
            "to",
            "next",
            "range",
            "token",
            "q",
            "page",
            "sort",
            "order",
            "after",
            "before",
            "upstream",
            "project",
            "name",
        ),
        *(
            "role",
            "password",
            "again",
            "file",
            "filename",
            "address",
            "client",
            "status",
            "outcome",
            "kind",
            "action",
            "actor",
            "days",
        ),
        *(
            "size",
            "position",
            "priority",
            "url",
            "projects",
            "active",
            "version",
            "unused",
            "limit",
            "cursor",
            "search",
            "expires",
            "x",
        ),
    ]
)
_FIELD_VALUES = text(
    *(
        "",
        "x",
        "demo",
        "1",
        "-1",
        "0",
        "9" * 40,
        "1e9",
        "nan",
        "%ff",
        "%00",
        "%ED%A0%80",
        "\xff",
        "%0d%0a",
        "..",
        "a" * 500,
        "%F0%9F",
    ),
    *(
        "2026-11-30",
        "2026-11-30T12:00",
        "99999-01-01",
        "0001-01-01",
        "5m",
        "9999999999d",
        "1h",
        "24h",
        "http://[::1",
        "[",
        "'",
    ),
)
_FORMS = st.lists(st.tuples(_FIELD_NAMES.map(str.encode), _FIELD_VALUES).map(b"=".join), max_size=3).map(b"&".join)
_MULTIPART = text(
    *(
        "--x\r\nContent-Disposition: form-data; name=%ff\r\n\r\n\xff\r\n--x--\r\n",
        "--x",
        "--x\r\n\r\n--x--",
        "",
        "\xff",
    ),
    *("--x\r\nContent-Disposition: form-data; name*=utf-8''%ff; filename=\"\\0\"\r\n\r\n1\r\n--x--", "--x\r\n" * 300),
)


def test_every_page_for_administrators_is_answered(
    io_loop: IOLoop, upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    """Who is signed in may send what no form of ours sends."""
    filename, content, metadata = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content, metadata=metadata)
    proxy = io_loop.run_sync(lambda: start_proxy(upstream))
    io_loop.run_sync(lambda: proxy.file("demo", filename))
    browser = io_loop.run_sync(lambda: signed_in(proxy))
    xsrf = xsrf_of(io_loop.run_sync(lambda: browser.get("/admin/accounts"))).encode()
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items()).encode()

    @examples(250)
    @given(text("GET", "POST"), _PAGES, ODD_SEGMENTS, _FORMS, _FORMS | _MULTIPART)
    def check(method: bytes, page: str, segment: bytes, query: bytes, form: bytes) -> None:
        kind = b"multipart/form-data; boundary=x" if form.startswith(b"-") else b"application/x-www-form-urlencoded"
        body = (form if form.startswith(b"-") else b"_xsrf=%s&%s" % (xsrf, form)) if method == b"POST" else b""
        fields = [(b"Host", b"a"), (b"Cookie", cookies), (b"Accept", b"text/html,application/xhtml+xml")]
        fields += [(b"Content-Type", kind), (b"Content-Length", b"%d" % len(body)), (b"X-Xsrftoken", xsrf)]
        target = b"/admin/" + page.encode().replace(b"{}", segment) + b"?" + query
        received = send(io_loop, proxy, request(method, target, fields, body))
        assert not received or 200 <= status_of(received) < 500, received[:500]
        assert not faults_in(caplog)

    check()
    assert io_loop.run_sync(lambda: browser.get("/admin/accounts")).status == 200
