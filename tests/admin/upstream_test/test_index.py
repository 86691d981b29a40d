"""``upstream test``: credentials, where the index is, which projects are asked for, unknown names, clocks."""

from __future__ import annotations

import email.utils
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from pyproxy.admin.upstream_test.steps import Step
from tests.admin.upstream_test.examining import examined, one, said, stock, told
from tests.net.asking import running
from tests.upstream.exchange import Answer, Exchange
from tests.upstream.site import JSON_TYPE
from tests.upstream_server import Endless, Portal, Redirect, Reset, Status, UpstreamServer

PROBE = "/simple/pyproxy-probe-"
EMPTY_PAGE = b"<!DOCTYPE html><html><head><title>Links for it</title></head><body></body></html>"


def projects_asked(server: UpstreamServer) -> set[str]:
    """The names that the server has seen."""
    names = {request.path.removeprefix("/simple/").strip("/") for request in server.requests}
    return {name for name in names if name and "/" not in name}


async def test_an_index_that_has_everything_passes_every_step() -> None:
    async with running() as server:
        stock(server)
        steps = await examined(server.url)
    assert {step.state for step in steps} == {"ok", "skipped"}
    assert [step.name for step in steps] == [
        *("settings", "name look-up", "connect", "TLS", "credentials", "project list", "project page"),
        *("sha256", "sizes", "upload times", "wheel metadata", "unchanged pages", "unknown name"),
        *("file", "metadata file"),
    ]


async def test_warnings_of_settings_are_steps() -> None:
    async with running() as server:
        stock(server)
        steps = await examined(server.url, username="me", password="s3cret-in-clear")
    warned = [step.found for step in steps if step.name == "settings" and step.state == "warning"]
    assert len(warned) == 2
    assert "its credentials are sent unencrypted: use an https URL" in warned


async def test_an_inactive_upstream_can_be_tested() -> None:
    async with running() as server:
        stock(server)
        steps = await examined(server.url, active=False)
    assert one(steps, "settings").found.endswith("; the upstream is switched off, the server does not ask it")
    assert one(steps, "file").state == "ok"


@pytest.mark.parametrize(
    ("settings", "found", "advice"),
    [
        (
            {},
            "it answers 401 Unauthorized, and no credentials are set (it wants Basic)",
            "set username and password, or token",
        ),
        (
            {"username": "me", "password": "not-this-one"},
            "it answers 401 Unauthorized to the username and password (it wants Basic)",
            "check the username and password: wrong, expired or revoked",
        ),
        (
            {"username": "me"},
            "it answers 401 Unauthorized to the username without a password (it wants Basic)",
            "check the username without a password: wrong, expired or revoked",
        ),
        (
            {"token": "wrong"},
            "it answers 401 Unauthorized to the token (it wants Basic)",
            "it does not ask for tokens: set username and password instead (many take a token as password)",
        ),
    ],
)
async def test_refused_credentials_say_what_was_given(settings: dict[str, str], found: str, advice: str) -> None:
    async with running() as server:
        stock(server)
        server.username, server.password = "me", "right"
        steps = await examined(server.url, projects=("*",), **settings)
    assert said(steps, "credentials") == ("failed", found, advice)
    assert steps[-1].name == "credentials"


async def test_an_account_that_may_not_read_is_told_apart_from_a_wrong_password() -> None:
    async with running() as server:
        server.behave("/simple/", Status(403))
        steps = await examined(server.url, token="right")
    assert said(steps, "credentials") == (
        "failed",
        "it answers 403 Forbidden to the token",
        "check the token, and whether this account may read the index",
    )


async def test_right_credentials_are_said_to_be_accepted() -> None:
    async with running() as server:
        stock(server)
        server.bearer = "right"
        steps = await examined(server.url, token="right")
    assert said(steps, "credentials") == ("ok", "the index does not refuse the token", None)


async def test_a_list_that_may_not_be_read_does_not_matter_where_projects_are_named() -> None:
    async with running() as server:
        stock(server)
        server.behave("/simple/", Status(403), times=1)
        steps = await examined(server.url, projects=("demo",))
    assert one(steps, "project list").state == "skipped"
    assert one(steps, "file").state == "ok"


@pytest.mark.parametrize(
    ("before", "url", "settings", "advice"),
    [
        ("/simple", "/", {"index_path": "+simple"}, "set index_path=simple"),
        ("/simple", "/", {"index_path": "root/pypi"}, "set index_path=simple"),
        ("/simple", "/wrong/", {}, "set url={url}/ index_path=simple"),
        ("/flat", "/flat/", {}, "set index_path="),
        ("/flat", "/flat/simple/", {}, "set url={url}/flat/ index_path="),
        ("/root/pypi/+simple", "/root/pypi/", {}, "set index_path=+simple"),
        ("/root/pypi/+simple", "/root/pypi/simple/", {}, "set url={url}/root/pypi/ index_path=+simple"),
    ],
)
@pytest.mark.parametrize("project", [None, "demo"])
async def test_a_wrong_index_path_leads_to_the_right_one(
    before: str, url: str, settings: dict[str, str], advice: str, project: str | None
) -> None:
    """(pain 21, pain 36)"""
    async with running() as server:
        stock(server)
        move_index(server, before)
        steps = await examined(server.url + url, project=project, **settings)
        right = server.url + before
        assert (steps[-1].name, steps[-1].state) == ("index", "failed")
        assert steps[-1].found.endswith(f", but there is one at {right}/")
        assert steps[-1].advice == advice.format(url=server.url)


def move_index(server: UpstreamServer, place: str) -> None:
    """Serve the index below another path, and nothing below its own."""
    if place == "/simple":
        return
    entry = {"filename": "demo-1.0.tar.gz", "url": f"{server.url}/packages/demo/demo-1.0.tar.gz", "hashes": {}}
    page = json.dumps({"meta": {"api-version": "1.0"}, "name": "demo", "files": [entry]}).encode()
    listing = f'<html><body><a href="/login">Login</a><a href="{place}/demo/">demo</a></body></html>'.encode()
    answers = {
        place + "/demo/": Answer(200, page, {"Content-Type": JSON_TYPE}),
        place + "/": Answer(200, listing, {"Content-Type": "text/html"}),
    }
    server.behave("/", Exactly(answers))


@dataclass(frozen=True)
class Exactly:
    """These answers at these paths, 404 at all others."""

    answers: Mapping[str, Answer]

    async def serve(self, exchange: Exchange) -> None:
        await exchange.send(self.answers.get(exchange.request.path, Answer(404)))


async def test_no_index_anywhere_asks_for_url_and_project() -> None:
    async with running() as server:
        server.behave("/", Status(404))
        steps = await examined(server.url)
    assert said(steps, "index") == (
        "failed",
        f"there is no list of projects at {server.url}/simple/",
        "give a project that it has (--project NAME), or check url and index_path",
    )


async def test_a_portal_in_its_place_is_no_index() -> None:
    async with running() as server:
        server.behave("/", Portal())
        steps = await examined(server.url, project="demo")
    assert said(steps, "project page") == (
        "failed",
        "the answer is a web page without any file (its title is 'Welcome')",
        "check url and index_path, and whether something on the way (a login, a portal) answers in its place",
    )


async def test_a_project_that_it_does_not_have_is_told_with_the_thought_of_hidden_ones() -> None:
    async with running() as server:
        stock(server)
        steps = await examined(server.url, project="other")
    state, found, advice = said(steps, "project page")
    assert (state, found) == ("failed", "it has no project other")
    assert advice is not None
    assert advice.endswith("some servers (GitLab) answer so to whoever may not read: set credentials then")


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (500, "look into the server's log: the fault is there, or in a front before it"),
        (429, "it limits requests: ask its administrators, or set credentials"),
        (400, "check url and index_path"),
    ],
)
async def test_other_statuses_fail_with_advice(status: int, advice: str) -> None:
    async with running() as server:
        server.behave("/simple/", Status(status))
        steps = await examined(server.url)
    assert (steps[-1].state, steps[-1].advice) == ("failed", advice)
    assert str(status) in steps[-1].found


@pytest.mark.parametrize(
    ("body", "found", "advice"),
    [
        (
            b"The plain HTTP request was sent to HTTPS port",
            "it answers 400 Bad Request: the port wants TLS",
            "write https:// in url",
        ),
        (
            b"No required SSL certificate was sent",
            "it answers 400 Bad Request: it misses the client certificate",
            "set client_certificate and client_key to those it wants",
        ),
    ],
)
async def test_what_nginx_says_about_tls_is_understood(body: bytes, found: str, advice: str) -> None:
    async with running() as server:
        server.behave("/simple/", Status(400, body))
        steps = await examined(server.url)
    assert said(steps, "project list") == ("failed", found, advice)


async def test_a_reset_is_tried_once_more_as_the_server_does() -> None:
    async with running() as server:
        stock(server)
        server.behave("/simple/", Reset(), times=1)
        steps = await examined(server.url)
    assert one(steps, "project page").state == "ok"


async def test_known_projects_are_asked_for_before_the_list() -> None:
    async with running() as server:
        stock(server)
        steps = await examined(server.url, known=["gone", "demo"])
        assert "/simple/" not in [request.path for request in server.requests]
    assert one(steps, "project page").found.startswith("demo: 1 file, ")


async def test_a_named_project_is_the_only_one_asked_for() -> None:
    async with running() as server:
        stock(server)
        stock(server, "other")
        await examined(server.url, project="other", known=["demo"])
        assert {name for name in projects_asked(server) if not name.startswith("pyproxy-probe-")} == {"other"}


async def test_of_an_endless_list_only_the_beginning_is_read() -> None:
    names = [{"name": f"project-{number}"} for number in range(3000)]
    beginning = json.dumps({"meta": {"api-version": "1.0"}, "projects": [{"name": "demo"}, *names]}).encode()
    async with running() as server:
        stock(server)
        server.behave("/simple/", Endless(piece=beginning), times=1)
        steps = await examined(server.url)
    assert said(steps, "project list") == ("ok", "it begins with demo, project-0, project-1", None)
    assert one(steps, "file").state == "ok"


async def test_an_html_list_is_read_without_the_navigation_of_its_page() -> None:
    listing = (
        b"<html><body><a href='/login/'>login</a><a href='https://elsewhere.example.org/simple/other/'>other</a>"
        b'<a href="demo/">Demo</a></body></html>'
    )
    async with running() as server:
        stock(server)
        server.behave("/simple/", Status(200, listing, {"Content-Type": "text/html"}), times=1)
        steps = await examined(server.url)
    assert said(steps, "project list") == ("ok", "it begins with Demo", None)


async def test_patterns_without_wildcards_are_asked_for_where_there_is_no_list() -> None:
    async with running() as server:
        stock(server)
        server.behave("/simple/", Status(404), times=1)
        steps = await examined(server.url, projects=("missing", "demo"))
        assert projects_asked(server) == {"missing", "demo"}
    assert one(steps, "project page").state == "ok"
    assert said(steps, "unknown name") == ("skipped", "the project patterns admit no name that nobody has", None)


async def test_only_names_that_the_patterns_admit_are_asked_for() -> None:
    async with running() as server:
        stock(server)
        stock(server, "secret-thing")
        await examined(server.url, projects=("My_Company-*", "demo*"), excluded_projects=("demo-*",))
        for name in projects_asked(server):
            assert name == "demo" or name.startswith("my-company-pyproxy-probe-"), name


async def test_an_index_without_an_admitted_project_asks_for_a_name() -> None:
    async with running() as server:
        stock(server)
        steps = await examined(server.url, projects=("my-*",))
    assert said(steps, "index") == ("warning", "no project to look at was found", "give one: --project NAME")
    assert one(steps, "unknown name").state == "ok"


async def test_an_empty_index_is_a_warning() -> None:
    async with running() as server:
        steps = await examined(server.url)
    assert said(steps, "project list") == ("warning", "it lists no project at all", None)
    assert "failed" not in told(steps).values()


async def test_a_project_of_many_files_is_preferred_to_the_first_of_the_list() -> None:
    async with running() as server:
        stock(server, "a-first")
        for number in range(6):
            server.add_file("b-second", f"b_second-{number}.tar.gz", b"\x1f\x8b" + b"x" * 2000)
        steps = await examined(server.url)
    assert one(steps, "project page").found.startswith("b-second: 6 files, ")


async def unknown(server: UpstreamServer, **settings: Sequence[str]) -> Step:
    return one(await examined(server.url, **settings), "unknown name")


async def test_an_empty_page_for_unknown_names_counts_as_missing() -> None:
    """(pain 27)"""
    async with running() as server:
        stock(server)
        server.behave(PROBE, Status(200, EMPTY_PAGE, {"Content-Type": "text/html"}))
        step = await unknown(server)
    assert (step.state, step.found) == (
        "warning",
        "it answers with an empty page instead of 404; pyproxy takes that for a no",
    )


async def test_an_empty_json_page_for_unknown_names_hides_every_name() -> None:
    async with running() as server:
        stock(server)
        page = b'{"meta": {"api-version": "1.0"}, "files": []}'
        server.behave(PROBE, Status(200, page, {"Content-Type": JSON_TYPE}))
        step = await unknown(server)
    assert (step.state, step.found) == (
        "failed",
        "it answers with an empty JSON page: pyproxy takes every name for one that it has",
    )


async def test_a_page_of_files_for_unknown_names_is_wrong() -> None:
    async with running() as server:
        stock(server)
        page = b'<html><title>Links for it</title><a href="/packages/it-1.0.tar.gz">it-1.0.tar.gz</a></html>'
        server.behave(PROBE, Status(200, page, {"Content-Type": "text/html"}))
        step = await unknown(server)
    assert step.state == "failed"
    assert step.found.endswith("with a page of files: pyproxy cannot know which projects it lacks")
    assert step.advice == "set projects to the names that it has"


@pytest.mark.parametrize(("projects", "state"), [((), "failed"), (("demo", "my-*"), "warning")])
async def test_unknown_names_redirected_to_another_host_are_to_be_switched_off(
    projects: tuple[str, ...], state: str
) -> None:
    """(pain 5)"""
    async with running() as server:
        stock(server)
        elsewhere = Redirect("https://index.example.org", keep_path=True)
        server.behave(PROBE, elsewhere)
        server.behave("/simple/my-", elsewhere)
        step = await unknown(server, projects=projects)
    assert step.state == state
    assert step.found == (
        "it redirects the page to index.example.org:443, which is not in its redirect_hosts: that is what it does with "
        "names that it does not have"
    )
    assert step.advice is not None
    assert "pypiserver: --disable-fallback" in step.advice


async def test_an_error_for_unknown_names_is_no_clear_no() -> None:
    async with running() as server:
        stock(server)
        server.behave(PROBE, Status(500))
        step = await unknown(server)
    assert step.state == "failed"
    assert step.found == "it answers 500 Internal Server Error; that is no clear no, so pyproxy takes it for a failure"


async def test_unknown_names_are_asked_with_the_credentials_of_the_upstream_alone() -> None:
    async with running() as server, running() as other:
        stock(server)
        server.bearer = "right"
        server.behave(PROBE, Redirect(other.url, keep_path=True))
        await examined(server.url, token="right")
        assert other.requests == []


@pytest.mark.parametrize(("ahead", "words"), [(3600, "behind"), (-3600, "ahead of")])
async def test_clocks_that_differ_are_told(ahead: int, words: str) -> None:
    async with running() as server:
        stock(server)
        date = email.utils.formatdate(time.time() + ahead, usegmt=True)
        server.behave("/simple/", Status(404, b"", {"Date": date}), times=1)
        steps = await examined(server.url, projects=("demo",))
    state, found, _ = said(steps, "clock")
    assert state == "warning"
    assert f" s {words} the upstream's" in found


async def test_secrets_are_said_nowhere_whatever_the_upstream_sends_back() -> None:
    secret, user = "s3cret/in+clear", "me"
    async with running() as server:
        echo = f"/simple/{secret}?token={secret}"
        server.behave("/simple/", Redirect(f"http://{secret.replace('/', '')}.example.org{echo}"))
        redirected = await examined(server.url, username=user, password=secret)
        server.clear_behaviours()
        title = f"<html><title>hello {secret} s3cret%2Fin%2Bclear \x1b[31m</title></html>".encode()
        server.behave("/simple/", Status(200, title, {"Content-Type": "text/html"}))
        titled = await examined(server.url, username=user, password=secret, project="demo")
    assert secret not in repr(redirected) + repr(titled)
    assert "s3cret%2F" not in repr(titled)
    assert "***" in titled[-1].found
    assert "\x1b" not in "".join(step.found for step in titled)


async def test_a_redirect_that_is_not_followed_is_told() -> None:
    async with running() as server:
        server.behave("/simple/demo/", Redirect("ftp://index.example.org/"))
        steps = await examined(server.url, project="demo")
    assert steps[-1].found.startswith("it redirects to an address that is not followed")
