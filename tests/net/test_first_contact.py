"""Who waits for whose connection."""

from __future__ import annotations

import asyncio

import pytest

from pyproxy.errors import UpstreamTimeout, UpstreamUnreachable
from pyproxy.net.first_contact import FirstContacts, Turn

ORIGIN = ("https", "pypi.example.org", 443)


async def waiting(contacts: FirstContacts, count: int) -> list[asyncio.Task[Turn]]:
    """So many requests that have come to wait."""
    tasks = [asyncio.create_task(contacts.turn(ORIGIN)) for _ in range(count)]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_others_go_once_the_first_connection_stands() -> None:
    contacts = FirstContacts()
    pioneer = await contacts.turn(ORIGIN)
    tasks = await waiting(contacts, 3)
    assert not any(task.done() for task in tasks)
    pioneer.stands()
    await asyncio.gather(*tasks)


async def test_others_fail_alike_if_it_cannot_be_made() -> None:
    contacts = FirstContacts()
    pioneer = await contacts.turn(ORIGIN)
    tasks = await waiting(contacts, 3)
    pioneer.failed(UpstreamTimeout("acme", "did not answer within 5000 ms (connect)"))
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [UpstreamTimeout] * 3
    await contacts.turn(ORIGIN)  # and the next one tries again


async def test_a_failure_after_it_stood_is_nobody_elses() -> None:
    contacts = FirstContacts()
    pioneer = await contacts.turn(ORIGIN)
    tasks = await waiting(contacts, 1)
    pioneer.stands()
    pioneer.failed(UpstreamUnreachable("acme", "reset the connection"))
    await asyncio.gather(*tasks)


async def test_another_one_goes_first_when_the_first_gives_up() -> None:
    contacts = FirstContacts()
    pioneer = await contacts.turn(ORIGIN)
    tasks = await waiting(contacts, 3)
    pioneer.over()
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    assert (len(done), len(pending)) == (1, 2)
    done.pop().result().stands()
    await asyncio.gather(*pending)


@pytest.mark.parametrize("origin", [("http", "pypi.example.org", 80), ORIGIN])
async def test_nobody_waits_where_http1_is_spoken(origin: tuple[str, str, int]) -> None:
    contacts = FirstContacts()
    contacts.learn(ORIGIN, http2=False)
    for _ in range(3):
        await contacts.turn(origin)
