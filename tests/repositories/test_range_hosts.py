"""Which hosts send parts of files, and that one finds it out for all."""

from __future__ import annotations

import asyncio

import pytest

from pyproxy.repositories.range_hosts import REMEMBERED_SECONDS, RangeHosts
from tests.waiting import until

FILE, SIBLING, ELSEWHERE = "https://a.example.org/1", "https://A.example.org:443/2", "https://b.example.org/1"


def test_what_a_host_cannot_do_is_remembered_for_a_while() -> None:
    now = [1000.0]
    hosts = RangeHosts(lambda: now[0])
    hosts.note_refusal(FILE)
    hosts.note_last_bytes_refused(ELSEWHERE)
    assert (hosts.refuses(SIBLING), hosts.refuses(ELSEWHERE)) == (True, False)
    assert (hosts.refuses_last_bytes(SIBLING), hosts.refuses_last_bytes(ELSEWHERE)) == (False, True)
    now[0] += REMEMBERED_SECONDS
    assert not hosts.refuses(FILE)
    now[0] = 0.0  # the clock was set back
    assert not hosts.refuses(FILE)


async def asking(hosts: RangeHosts, url: str, order: list[str], name: str, end: asyncio.Event) -> None:
    async with hosts.finding_out(url):
        order.append(name)
        await end.wait()


@pytest.mark.parametrize("well", [True, False])
async def test_the_first_goes_alone_and_the_others_together(well: bool) -> None:
    """Whatever it came to: a file that is gone says nothing of the host."""
    hosts, order, first, rest = RangeHosts(lambda: 0.0), list[str](), asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(asking(hosts, FILE, order, "first", first))
        await asyncio.sleep(0)
        for name in ("second", "third"):
            tasks.create_task(asking(hosts, SIBLING, order, name, rest))
        tasks.create_task(asking(hosts, ELSEWHERE, order, "elsewhere", rest))
        await asyncio.sleep(0)
        assert order == ["first", "elsewhere"]
        if well:
            hosts.note_well(FILE)
        first.set()
        await until(lambda: len(order) == 4)
        rest.set()
    assert order == ["first", "elsewhere", "second", "third"]


async def test_a_host_that_is_known_to_be_well_makes_nobody_wait() -> None:
    hosts, order, end = RangeHosts(lambda: 0.0), list[str](), asyncio.Event()
    hosts.note_well(FILE)
    async with asyncio.TaskGroup() as tasks:
        for name in ("one", "two"):
            tasks.create_task(asking(hosts, FILE, order, name, end))
        await asyncio.sleep(0)
        assert order == ["one", "two"]
        end.set()


async def test_what_is_no_address_is_nobodys_host() -> None:
    hosts = RangeHosts(lambda: 0.0)
    async with hosts.finding_out("http://a.example.org:99999999/"):
        assert not hosts.refuses("http://a.example.org:99999999/")
