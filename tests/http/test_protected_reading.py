"""Who may install, where not everybody may (``access.anonymous_read: false``)."""

from __future__ import annotations

import asyncio
import threading

import pytest

from pyproxy.admin.accounts.throttle import FREE_FAILURES
from pyproxy.config.model import AccessConfig
from tests.distributions import make_wheel
from tests.http.admin.browser import PASSWORD, add_account
from tests.http.calls import address
from tests.http.conftest import StartProxy
from tests.http.proxy import JSON, Answer, Clock, Proxy
from tests.http.reading import add_token, basic, bearer, revoke_token
from tests.http.wire import get_raw
from tests.upstream_server import UpstreamServer

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0")
FILE = address("demo", FILENAME, CONTENT)
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

REDIRECTS = ["/simple", "/simple/demo", "/simple/Demo/", "/pypi/Demo/json"]
ANSWERS = [
    "/simple/",
    "/simple/demo/",
    "/simple/demo/?format=application/vnd.pypi.simple.v1+html",
    FILE,
    f"{FILE}.metadata",
    f"/files/demo/{FILENAME}",
    f"/files/demo/{FILENAME}.metadata",
    "/pypi/demo/json",
    "/pypi/demo/1.0/json",
]
NOTHING = ["/simple/unknown/", "/simple/-/", "/files/demo/demo-9-py3-none-any.whl", "/pypi/unknown/json"]


@pytest.fixture
def demo(upstream: UpstreamServer) -> UpstreamServer:
    """An upstream with one project."""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    return upstream


async def protected(start_proxy: StartProxy, *upstreams: UpstreamServer) -> Proxy:
    return await start_proxy(*upstreams, access=AccessConfig(anonymous_read=False))


def is_refusal(answer: Answer) -> bool:
    """RFC 9110 section 15.5.2, and nothing else: no way to a page on which to sign in."""
    return (
        answer.status == 401
        and answer.headers["WWW-Authenticate"] == 'Basic realm="pyproxy", charset="UTF-8"'
        and answer.headers["Cache-Control"] == "no-store"
        and answer.headers["Location"] is None
        and answer.headers["Etag"] is None
        and answer.headers["X-Pyproxy-Upstream"] is None
    )


@pytest.mark.parametrize("path", [*ANSWERS, *REDIRECTS, *NOTHING])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_without_credentials_everything_for_installers_is_a_401(
    method: str, path: str, demo: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Never a redirect to a login page, which would be read as a package (check 61, F19)."""
    proxy = await protected(start_proxy, demo)
    for headers in ({}, {"Accept": JSON}, BROWSER, {"If-None-Match": "*"}, {"Range": "bytes=0-5"}):
        answer = await proxy.get(path, headers, method)
        assert is_refusal(answer), (headers, answer)
        assert (answer.body == b"") is (method == "HEAD")
    assert demo.requests == [], "nobody is asked for strangers"


async def test_the_refusal_says_what_to_do_in_the_form_that_each_reads(
    demo: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await protected(start_proxy, demo)
    answer = await proxy.get("/simple/demo/", {"Accept": JSON})
    assert answer.reason == "this needs an account or a token"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "a token as the password with any user name" in answer.json()["detail"]
    page = await proxy.get("/simple/demo/", BROWSER)
    assert page.headers["Content-Type"].startswith("text/html")
    assert b"<h1>this needs an account or a token</h1>" in page.body


@pytest.mark.parametrize("path", ANSWERS)
async def test_an_account_and_a_token_read_all_of_it(path: str, demo: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 63, F17)"""
    proxy = await protected(start_proxy, demo)
    add_account(proxy, "ada", "viewer")
    tokens = [add_token(proxy, role, role) for role in ("read", "viewer", "admin")]  # type: ignore[arg-type]
    sent = [basic("ada", PASSWORD), *(basic("__token__", token) for token in tokens), *map(bearer, tokens)]
    answers = [await proxy.get(path, headers) for headers in sent]
    assert [answer.status for answer in answers] == [200] * len(sent)
    assert len({answer.body for answer in answers}) == 1
    assert (await proxy.get(path, sent[0], "HEAD")).status == 200


@pytest.mark.parametrize("path", NOTHING)
async def test_with_credentials_an_unknown_project_is_a_404(
    path: str, demo: UpstreamServer, start_proxy: StartProxy
) -> None:
    """uv stops at a 401 (check 4)"""
    proxy = await protected(start_proxy, demo)
    assert (await proxy.get(path, bearer(add_token(proxy)))).status == 404


async def test_only_the_client_may_keep_an_answer(demo: UpstreamServer, start_proxy: StartProxy) -> None:
    """A shared cache on the way would hand it to strangers: 200, 206, 301 and 304 alike."""
    proxy = await protected(start_proxy, demo)
    sent = bearer(add_token(proxy))
    seen = set()
    for path in [*ANSWERS, *REDIRECTS]:
        answer = await proxy.get(path, sent)
        again = await proxy.get(path, {**sent, "If-None-Match": answer.headers["Etag"] or '"none"'})
        part = await proxy.get(path, {**sent, "Range": "bytes=0-5"})
        for each in (answer, again, part):
            seen.add(each.status)
            directives = each.headers["Cache-Control"].split(", ")
            assert "private" in directives, (path, each.status)
            assert "public" not in directives
    assert seen == {200, 206, 301, 304}
    outside = await proxy.get(FILE, {**sent, "Range": "bytes=99999999-"})
    assert (outside.status, outside.headers["Cache-Control"]) == (416, "no-store")


async def test_where_everybody_may_read_credentials_change_nothing(
    demo: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(demo)
    for headers in ({}, basic("ada", "a wrong one"), bearer("nonsense"), {"Authorization": "Basic \xff"}):
        answer = await proxy.get("/simple/demo/", headers)
        assert (answer.status, answer.headers["Cache-Control"].split(",")[0]) == (200, "public")


async def test_a_clients_credentials_never_go_upstream(demo: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 64)"""
    proxy = await protected(start_proxy, demo)
    token = add_token(proxy)
    for path in ANSWERS:
        await proxy.get(path, basic("the-name-of-a-client", token))
    assert demo.requests
    for request in demo.requests:
        assert "authorization" not in {name.lower() for name in request.headers}
        assert token not in str(request)


async def test_an_expired_and_a_revoked_token_are_refused_at_once(
    demo: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    proxy = await protected(start_proxy, demo)
    short, long = add_token(proxy, "short", lifetime=60.0), add_token(proxy, "long")
    assert [(await proxy.get("/simple/demo/", bearer(token))).status for token in (short, long)] == [200, 200]
    clock.advance(60)
    revoke_token(proxy, "long")
    for token in (short, long):
        for headers in (bearer(token), basic("any", token)):
            answer = await proxy.get("/simple/demo/", headers)
            assert is_refusal(answer)
            assert answer.reason == "the token is unknown, revoked or expired"


async def test_a_read_token_opens_nothing_but_packages(demo: UpstreamServer, start_proxy: StartProxy) -> None:
    """Nor do the others open the pages, which want a session that no other site can make a browser send."""
    proxy = await protected(start_proxy, demo)
    add_account(proxy)
    for role in ("read", "admin"):
        token = add_token(proxy, role, role)  # type: ignore[arg-type]
        for headers in (bearer(token), basic("ada", token), {"Cookie": f"pyproxy_session={token}"}):
            answer = await proxy.get("/admin/account", headers)
            assert (answer.status, answer.headers["Location"]) == (303, "../admin/sign-in?next=account")


async def test_credentials_that_do_not_permit_it_are_a_403_not_a_401(start_proxy: StartProxy) -> None:
    """Sending others would not help (check 62)"""
    proxy = await protected(start_proxy)
    read, viewer = (add_token(proxy, role, role) for role in ("read", "viewer"))  # type: ignore[arg-type]
    for method, headers in (("GET", bearer(read)), ("GET", basic("any", read)), ("DELETE", bearer(viewer))):
        path = "/api/v1/upstreams" + ("/pypi" if method == "DELETE" else "")
        answer = await proxy.get(path, headers, method)
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (403, None), method


async def test_many_wrong_passwords_from_one_address_are_paused_and_tokens_go_on(
    demo: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 66)"""
    proxy = await protected(start_proxy, demo)
    add_account(proxy, "ada")
    add_account(proxy, "grace")
    token, known = add_token(proxy), basic("grace", PASSWORD)
    assert (await proxy.get("/simple/demo/", known)).status == 200

    answers = [await proxy.get("/simple/demo/", basic("ada", f"guess {n}")) for n in range(FREE_FAILURES + 5)]

    assert {answer.status for answer in answers} == {401, 429}
    last = answers[-1]
    assert (last.status, last.reason) == (429, "too many failed sign-ins")
    assert 1 <= int(last.headers["Retry-After"]) <= 5
    assert last.headers["WWW-Authenticate"] is None
    assert (await proxy.get("/simple/demo/", basic("ada", PASSWORD))).status == 429
    assert (await proxy.get("/simple/demo/", known)).status == 200
    assert (await proxy.get("/simple/demo/", bearer(token))).status == 200


async def test_a_job_with_an_old_password_locks_nobody_out(demo: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await protected(start_proxy, demo)
    add_account(proxy)
    for _ in range(3):
        for _ in range(FREE_FAILURES):
            assert (await proxy.get("/simple/demo/", basic("ada", "the old password"))).status == 401
        await proxy.restart()
    assert (await proxy.get("/simple/demo/", basic("ada", PASSWORD))).status == 200


async def test_pages_that_take_their_time_hold_up_nobody_who_installs(
    demo: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await protected(start_proxy, demo)
    add_account(proxy)
    token, over = add_token(proxy), threading.Event()
    proxy.server._administration.administration.desk.begin(over.wait, 30)
    try:
        for headers in (bearer(token), basic("ada", PASSWORD), basic("ada", "a wrong one")):
            assert (await proxy.get("/simple/demo/", headers)).status in (200, 401)
        assert not over.is_set()
    finally:
        over.set()


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics", "/robots.txt", "/static/pyproxy.css"])
async def test_what_holds_no_packages_stays_open(path: str, start_proxy: StartProxy) -> None:
    proxy = await protected(start_proxy)
    assert (await proxy.get(path)).status == 200


async def test_other_servers_addresses_lead_to_ours_which_ask(demo: UpstreamServer, start_proxy: StartProxy) -> None:
    """They are worked out of the address alone, so they tell a stranger nothing."""
    proxy = await protected(start_proxy, demo)
    answer = await proxy.get("/root/pypi/+simple/demo/")
    assert (answer.status, answer.headers["Location"]) == (302, "../../../../simple/demo/")
    assert demo.requests == []


async def test_the_connection_stays_open_for_the_same_request_with_credentials(
    demo: UpstreamServer, start_proxy: StartProxy
) -> None:
    """uv asks without credentials first, and sends the second request at once, on the same connection (check 63)"""
    proxy = await protected(start_proxy, demo)
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        for headers in ({}, basic("any", "a wrong one"), bearer(add_token(proxy)), {}):
            lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
            writer.write(f"GET /simple/demo/ HTTP/1.1\r\nHost: test\r\n{''.join(lines)}\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.split("content-length: ")[1].split()[0])
            await reader.readexactly(length)
            assert "connection: close" not in head
            assert head.split()[1] == ("200" if "Bearer" in str(headers) else "401")
    finally:
        writer.close()


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE"])
async def test_who_uploads_is_told_that_it_is_not_possible_not_that_credentials_are_wrong(
    method: bytes, start_proxy: StartProxy
) -> None:
    proxy = await protected(start_proxy)
    answer = await get_raw(proxy.port, b"/simple/", method=method, body=b"x" * 3_000_000)
    assert (answer.status, answer.header("WWW-Authenticate")) == (405, None)


async def test_the_log_and_the_answers_hold_no_credentials(
    demo: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy = await protected(start_proxy, demo)
    add_account(proxy)
    token = add_token(proxy)
    with caplog.at_level("DEBUG"):
        for secret, headers in (
            (token, bearer(token)),
            (token, basic("any", token)),
            (PASSWORD, basic("ada", PASSWORD)),
            ("a wrong one", basic("ada", "a wrong one")),
            ("pyproxy_wrong", bearer("pyproxy_wrong")),
        ):
            answer = await proxy.get("/simple/demo/", headers)
            assert secret.encode() not in answer.body
            assert secret not in str(answer.headers)
            assert secret not in caplog.text
            assert headers["Authorization"].split()[1] not in caplog.text
