"""The page of the audit log: what stands in it, how it is picked, and that it stays small."""

from __future__ import annotations

import re
import sqlite3

import pytest

from pyproxy.admin.accounts.audit_pages import LONGEST_VALUE, MOST_CHANGES, ROWS
from pyproxy.storage.audit import CHANGED, Actor, AuditLog, Change, Origin
from tests.http.admin.browser import NAME, add_account, signed_in
from tests.http.administration import database_of
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy

LOG = "/admin/audit"


def write(
    proxy: Proxy, actor: str, action: str, subject: str, *changes: Change, origin: Origin = "page", times: int = 1
) -> None:
    who = Actor(name=actor, origin=origin, address="192.0.2.7" if origin != "command" else "")

    with database_of(proxy) as database:
        witness = AuditLog(database, proxy.clock).witness(who, action, subject, changes)

        def repeat(connection: sqlite3.Connection) -> None:
            for _ in range(times):
                witness(connection)

        database.write_now(repeat)


def entries(text: str) -> list[int]:
    return [int(number) for number in re.findall(r'<tr id="entry-(\d+)"', text)]


async def test_a_change_is_told_with_who_where_what_old_and_new(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    write(
        proxy, "grace", "changed", "upstream pypi", Change("index_ttl", "5m", "10m"), Change("projects", None, "a-*"),
        Change("ca_bundle", "/etc/a.pem", None), Change("password", CHANGED, CHANGED), Change("token", None, CHANGED),
        Change("http_proxy", CHANGED, None),
    )  # fmt: skip
    words = (await browser.get(LOG)).words
    assert "grace 192.0.2.7 changed upstream pypi" in words
    assert "index_ttl 5m → 10m projects a-* ca_bundle /etc/a.pem → none" in words
    assert "password changed, and not told token set, and not told http_proxy removed, and not told" in words


async def test_commands_and_the_api_are_told_from_pages(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    write(proxy, "root", "purged", "project flask", origin="command")
    write(proxy, "token ci", "removed", "upstream a", origin="api")
    words = (await browser.get(LOG)).words
    assert "token ci by the API, 192.0.2.7 removed upstream a" in words
    assert "root by a command purged project flask" in words


async def test_without_a_change_it_says_what_will_stand_there(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    assert "Nothing was changed yet." in (await browser.get(LOG)).words


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("who=GRA", [3, 1]),
        ("what=purge", [2]),
        ("subject=project", [2, 1]),
        ("who=grace&what=changed&subject=flask", [1]),
        ("who=nobody", []),
        ("who=%25", []),
        ("who=%FF", []),
        ("who=" + "x" * 5000, []),
        ("before=3", [2, 1]),
        ("before=3&who=grace", [1]),
        ("before=nonsense", [3, 2, 1]),
        ("before=-1", [3, 2, 1]),
        ("before=" + "9" * 40, [3, 2, 1]),
        ("before=%C2%B2", [3, 2, 1]),
    ],
)
async def test_it_is_picked_by_a_part_of_who_what_and_subject(
    query: str, found: list[int], start_proxy: StartProxy
) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    write(proxy, "grace", "changed", "project flask")
    write(proxy, NAME, "purged", "project demo")
    write(proxy, "grace", "changed", "upstream pypi")
    page = await browser.get(f"{LOG}?{query}")
    assert (page.status, entries(page.text)) == (200, found)


async def test_what_was_typed_into_the_filter_stays_and_leads_on(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    write(proxy, "grace", "changed", "upstream pypi", times=ROWS + 1)
    page = await browser.get(f"{LOG}?who=grace&what=changed")
    assert 'name="who" type="text" value="grace"' in page.text
    assert 'rel="next" href="../admin/audit?who=grace&amp;what=changed&amp;before=2"' in page.text


async def test_the_whole_log_is_read_page_by_page_without_a_gap(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    write(proxy, "grace", "changed", "upstream pypi", times=2 * ROWS + 7)
    seen: list[int] = []
    page = await browser.get(LOG)
    while True:
        seen += entries(page.text)
        found = re.search(r'rel="next" href="\.\./([^"]*)"', page.text)
        if found is None:
            break
        page = await browser.get(f"/{found[1].replace('&amp;', '&')}")
    assert seen == list(range(2 * ROWS + 7, 0, -1))


async def test_however_much_was_changed_the_page_stays_small_and_shows_the_beginning(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    hostile = "<script>alert(1)</script>\x1b[2J\u202e'\"&" * 500
    changes = [Change(f"field-{number}", hostile, hostile) for number in range(40)]
    write(proxy, hostile, hostile, hostile, *changes, times=60)

    page = await browser.get(LOG)

    assert len(page.text.encode()) < 100_000
    assert entries(page.text)[0] == 60
    assert f"and {40 - MOST_CHANGES} more values" in page.words
    assert "characters)" in page.words
    for harm in ("<script>alert", "\x1b", "\u202e"):
        assert harm not in page.text
    assert LONGEST_VALUE < 1000
    older = re.search(r'rel="next" href="\.\./([^"]*)"', page.text)
    assert older
    assert entries((await browser.get(f"/{older[1]}")).text)[0] == entries(page.text)[-1] - 1


async def test_a_viewer_reads_it_and_a_stranger_does_not(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    add_account(proxy)
    viewer = await signed_in(proxy, "vera", "viewer")
    assert (await viewer.get(LOG)).status == 200
    viewer.cookies.clear()
    assert (await viewer.get(LOG)).location == "/admin/sign-in?next=audit"


async def test_nothing_is_taken_by_the_page(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    assert (await browser.submit(LOG, {"who": "x"}, form_on="/admin/account")).status == 405
