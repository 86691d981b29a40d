"""The pages of tokens: made, shown once, revoked."""

from __future__ import annotations

import re
import sqlite3

import pytest

from pyproxy.admin.accounts.roster import ROWS
from pyproxy.config.model import AccessConfig, ServerConfig
from pyproxy.storage.audit import AuditLog
from tests.http.admin.browser import NAME, Page, add_account, signed_in
from tests.http.administration import database_of
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock, Proxy
from tests.http.reading import add_token, basic, bearer

LIST = "/admin/tokens"
NEW = {"name": "ci-deploy", "role": "read", "expires": "90d"}


def token_of(page: Page) -> str:
    """The token that a page shows."""
    found = re.search(r'<pre id="token"><code>([^<]+)</code>', page.text)
    assert found, page.words
    return found[1]


def names(proxy: Proxy) -> list[str]:
    with database_of(proxy) as database:
        return [row["name"] for row in database.all("SELECT name FROM api_tokens ORDER BY name", {})]


async def test_a_token_is_shown_once_with_lines_that_have_it_and_the_visitors_address(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(access=AccessConfig(anonymous_read=False))
    browser = await signed_in(proxy)

    page = await browser.submit(LIST, NEW)

    token, index = token_of(page), f"127.0.0.1:{proxy.port}/simple/"
    assert (page.status, page.headers["Cache-Control"]) == (200, "no-store")
    assert "It is shown this once and kept nowhere. It ends in 90 days" in page.words
    assert f"machine 127.0.0.1 login token password {token}" in page.words
    assert f"pip install --index-url http://token:{token}@{index} --trusted-host 127.0.0.1:{proxy.port}" in page.words
    assert f"uv pip install --default-index http://token:{token}@{index}" in page.words
    assert f'curl -H "Authorization: Bearer {token}" http://{index}' in page.words
    assert "/api/v1" not in page.text, "a token that installs opens nothing there"
    assert token not in (await browser.get(LIST)).text
    assert (await proxy.get("/simple/", bearer(token))).status == 200
    assert (await proxy.get("/simple/", basic("any", token))).status == 200


async def test_behind_a_front_the_lines_have_its_address(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(server=ServerConfig(port=0, public_url="https://pypi.example.org/team/"))
    browser = await signed_in(proxy)
    page = await browser.submit(LIST, {**NEW, "role": "admin"})
    token = token_of(page)
    assert f"https://token:{token}@pypi.example.org/team/simple/ requests" in page.words
    assert f'curl -H "Authorization: Bearer {token}" https://pypi.example.org/team/api/v1/' in page.words
    assert "--trusted-host" not in page.words
    assert "plain http" not in page.words


async def test_a_token_for_the_api_opens_it(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    token = token_of(await browser.submit(LIST, {**NEW, "role": "viewer"}))
    assert (await proxy.get("/api/v1/upstreams", bearer(token))).status == 200


@pytest.mark.parametrize(
    ("fields", "wrong", "said"),
    [
        ({"name": ""}, "name", "Is missing"),
        ({"name": "a:b"}, "name", "Is no name"),
        ({"name": "<b>"}, "name", "Is no name"),
        ({"name": "TAKEN"}, "name", "There is one of this name already"),
        ({"role": "root"}, "role", "Is no role"),
        ({"expires": "soon"}, "expires", "no duration"),
        ({"expires": "0d"}, "expires", "Is over at once"),
    ],
)
async def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_stays(
    fields: dict[str, str], wrong: str, said: str, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    add_token(proxy, "taken")
    page = await browser.submit(LIST, {**NEW, **fields})
    assert page.status == 422
    found = re.search(rf'id="{wrong}-problem">([^<]*)<', page.text)
    assert found, page.words
    assert said in found[1]
    assert "<b>" not in page.text
    if "name" not in fields:
        assert 'value="ci-deploy"' in page.text
    assert names(proxy) == ["taken"]


async def test_the_list_says_who_made_it_when_it_ends_and_when_it_was_used(
    start_proxy: StartProxy, clock: Clock
) -> None:
    proxy = await start_proxy(access=AccessConfig(anonymous_read=False))
    browser = await signed_in(proxy)
    empty = await browser.get(LIST)
    assert "There is no token yet. Make the first one below." in empty.words
    token = token_of(await browser.submit(LIST, {**NEW, "expires": "1h"}))
    assert (await proxy.get("/simple/", bearer(token))).status == 200
    clock.advance(1800)
    words = (await browser.get(LIST)).words
    assert f"ci-deploy read {NAME} 30 minutes ago in 30 minutes 30 minutes ago Revoke" in words
    clock.advance(1800)
    assert "ended just now" in (await browser.get(LIST)).words


async def test_a_token_is_revoked_after_a_question_and_is_of_no_use_then(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(access=AccessConfig(anonymous_read=False))
    browser = await signed_in(proxy)
    token = token_of(await browser.submit(LIST, NEW))

    question = await browser.get(f"{LIST}/CI-deploy/revoke")
    page = await browser.submit(f"{LIST}/CI-deploy/revoke")

    assert f"{NAME} made it just now , with the role read." in question.words
    assert "The token ci-deploy is revoked." in (await browser.follow(page)).words
    assert (await proxy.get("/simple/", bearer(token))).status == 401
    assert (await browser.get(f"{LIST}/ci-deploy/revoke")).status == 404
    assert (await browser.submit(f"{LIST}/ci-deploy/revoke", form_on=LIST)).status == 404
    with database_of(proxy) as database:
        told = [(entry.actor.name, entry.action, entry.subject) for entry in AuditLog(database, float).entries()]
    assert told[:2] == [(NAME, "revoked", "token ci-deploy"), (NAME, "added", "token ci-deploy")]


@pytest.mark.parametrize("path", [LIST, f"{LIST}/ci/revoke"])
async def test_a_viewer_sees_tokens_and_makes_and_revokes_none(path: str, start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    add_account(proxy)
    add_token(proxy, "ci")
    viewer = await signed_in(proxy, "vera", "viewer")
    page = await viewer.get(path)
    assert page.status == 200
    assert re.findall(r'<form method="post" action="[^"]*/([^"/]*)"', page.text) == ["sign-out"]
    assert (await viewer.submit(path, NEW, form_on="/admin/account")).status == 403
    assert names(proxy) == ["ci"]


@pytest.mark.parametrize("name", ["nobody", "%FF", "%00", "x" * 300])
async def test_tokens_that_there_are_not_are_a_friendly_404(name: str, start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    page = await browser.get(f"{LIST}/{name}/revoke")
    assert (page.status, "There is no such token" in page.words) == (404, True)


async def test_a_long_list_comes_in_pages_that_stay_small(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)

    def add(connection: sqlite3.Connection) -> None:
        sql = "INSERT INTO api_tokens (name, role, token_hash, created_at, created_by) VALUES (?, 'read', ?, 1, ?)"
        rows = [(f"token-{n:03}-{'x' * 50}", str(n), "<'\"&>" * 60) for n in range(ROWS + 30)]
        connection.executemany(sql, rows)

    with database_of(proxy) as database:
        database.write_now(add)

    first = await browser.get(LIST)
    found = re.search(r'rel="next" href="\.\./(admin/tokens\?after=[^"]*)"', first.text)
    assert found
    second = await browser.get(f"/{found[1]}")
    assert max(len(page.text.encode()) for page in (first, second)) < 100_000
    listed = re.findall(r'<th scope="row">(token-\d+)', first.text + second.text)
    assert listed == [f"token-{n:03}" for n in range(ROWS + 30)]
    assert re.findall(r'<th scope="row">(token-\d+)', (await browser.get(f"{LIST}?q=token-07")).text) == [
        f"token-07{n}" for n in range(10)
    ]
