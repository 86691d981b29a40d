"""The audit log over the API."""

from __future__ import annotations

from typing import Any

from tests.http.api.client import Script, script
from tests.http.conftest import StartProxy


async def test_it_comes_in_pages_the_newest_first(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    for number in range(5):
        await api.post("/tokens", {"name": f"token-{number}", "role": "read"})

    assert [each["subject"] for each in await pages(api, "/audit?limit=2", [2, 2, 1])] == [
        f"token token-{number}" for number in (4, 3, 2, 1, 0)
    ]


async def test_a_full_page_is_the_last_one_where_nothing_follows(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    for number in range(2):
        await api.post("/tokens", {"name": f"token-{number}", "role": "read"})
    assert len(await pages(api, "/audit?limit=2", [2])) == 2
    assert await pages(api, "/audit?limit=2&cursor=1", [0]) == []


async def test_it_is_sought_by_who_what_and_about_what(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    first, second = script(proxy), script(proxy)
    await first.post("/tokens", {"name": "a", "role": "read"})
    await second.post("/tokens", {"name": "b", "role": "read"})
    await second.delete("/tokens/a")

    for query, found in {
        "actor=token%20admin-0": ["added token a"],
        "action=added": ["added token b", "added token a"],
        "subject=TOKEN%20a": ["revoked token a", "added token a"],
        "subject=token%20a&action=revoked": ["revoked token a"],
        "subject=%25": [],
        "actor=nobody": [],
    }.items():
        entries = await first.items(f"/audit?{query}")
        assert [f"{each['action']} {each['subject']}" for each in entries] == found, query


async def test_it_can_only_be_read(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert (await api.send(method, "/audit")).status == 405


async def pages(api: Script, path: str, sizes: list[int]) -> list[Any]:
    """All entries, by the addresses in ``Link``; pages of so many."""
    found: list[Any] = []
    for number, size in enumerate(sizes, start=1):
        answer = await api.get(path)
        assert len(answer.json()["items"]) == size
        found += answer.json()["items"]
        link = answer.headers["Link"]
        assert (link is None) == (number == len(sizes))
        path = "" if link is None else "/audit" + link.partition("<")[2].partition(">")[0]
    return found
