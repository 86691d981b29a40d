"""How long connections to an upstream live, and how many there are."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from pyproxy.errors import UpstreamTimeout
from pyproxy.net.connection import UpstreamConnection, same_connection_settings
from pyproxy.settings import UpstreamSettings
from tests.net.asking import USER_AGENT, Collected, connected, get, running
from tests.upstream_server import Hold

PAGE = "/simple/demo/"
FILE = "/packages/demo/demo-1.0.tar.gz"


async def test_a_connection_that_closes_when_idle_finishes_what_is_under_way() -> None:
    event = asyncio.Event()
    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", b"content")
        hold = Hold(event)
        server.behave("/packages/", hold)
        with connected(server.url) as connection:
            task = asyncio.create_task(get(connection, server.url + FILE))
            await hold.reached.wait()
            connection.close_when_idle()
            event.set()
            assert (await task).body == b"content"
            assert not connection._pools
            # A component that still holds the old connection can go on.
            assert (await get(connection, server.url + FILE)).body == b"content"
            assert not connection._pools


async def test_closing_ends_requests_under_way() -> None:
    async with running() as server:
        hold = Hold(asyncio.Event())
        server.behave("/packages/", hold)
        with connected(server.url) as connection:
            task = asyncio.create_task(get(connection, server.url + FILE))
            await hold.reached.wait()
            connection.close()
            with pytest.raises(asyncio.CancelledError):
                await task


async def test_a_request_beyond_the_limit_waits_for_its_turn_and_can_be_cancelled() -> None:
    event = asyncio.Event()
    async with running() as server:
        server.behave("/simple/", Hold(event))
        with connected(server.url, connections=8) as connection:
            tasks = [asyncio.create_task(get(connection, server.url + PAGE, kind="page")) for _ in range(8)]
            await server.requested("/simple/", 8)
            waiting = asyncio.create_task(get(connection, server.url + PAGE, kind="page"))
            doomed = asyncio.create_task(get(connection, server.url + PAGE, kind="page"))
            await asyncio.sleep(0)
            doomed.cancel()
            event.set()
            results = await asyncio.gather(*tasks, waiting, doomed, return_exceptions=True)
    assert sum(isinstance(result, Collected) for result in results) == 9
    assert len(server.requests) == 9


async def test_who_gets_no_connection_in_time_learns_which_limit_that_is() -> None:
    async with running() as server:
        server.behave("/simple/", Hold(asyncio.Event()))
        with connected(server.url, connections=2) as connection:
            tasks = [asyncio.create_task(get(connection, server.url + PAGE, kind="page")) for _ in range(2)]
            await server.requested("/simple/", 2)
            said = r"none of its 2 connections free .*cache\.connections_per_upstream"
            with pytest.raises(UpstreamTimeout, match=said) as late:
                await get(connection, server.url + PAGE, kind="page", first_byte_timeout=0.05)
            assert not late.value.was_asked, "and nobody may think that the upstream was silent"
            assert len(server.requests) == 2
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def test_files_have_connections_of_their_own() -> None:
    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", b"content")
        server.behave("/simple/", Hold(asyncio.Event()))
        with connected(server.url, connections=1) as connection:
            busy = asyncio.create_task(get(connection, server.url + PAGE, kind="page"))
            await server.requested("/simple/")
            assert (await get(connection, server.url + FILE)).body == b"content"
            busy.cancel()
            await asyncio.gather(busy, return_exceptions=True)


def test_connections_are_kept_over_changes_that_do_not_touch_them() -> None:
    old = UpstreamSettings(name="acme", url="https://pypi.example.org/a/")
    for change in (
        {"url": "https://pypi.example.org/b/"},
        {"active": False},
        {"index_ttl": 1.0},
        {"projects": ("acme-*",)},
        {"on_failure": "stop"},
    ):
        assert same_connection_settings(old, dataclasses.replace(old, **change)), change


def test_connections_are_replaced_when_their_settings_change() -> None:
    old = UpstreamSettings(name="acme", url="https://pypi.example.org/a/")
    for change in (
        {"url": "http://pypi.example.org/a/"},
        {"url": "https://pypi.example.org:444/a/"},
        {"name": "other"},
        {"token": "x"},
        {"password": "x"},
        {"credential_hosts": ("https://files.example.org",)},
        {"verify_ssl": False},
        {"ca_bundle": "/etc/ca.pem"},
        {"client_certificate": "/etc/client.pem"},
        {"connect_timeout_ms": 1},
        {"stall_timeout_ms": 1},
        {"http_proxy": "none"},
        {"redirect_hosts": ("files.example.org",)},
    ):
        assert not same_connection_settings(old, dataclasses.replace(old, **change)), change


async def test_a_connection_needs_no_loop_before_its_first_request() -> None:
    settings = UpstreamSettings(name="acme", url="https://pypi.example.org/")
    connection = UpstreamConnection(settings, environ={}, user_agent=USER_AGENT)
    connection.close()
    assert "sesame" not in repr(connection._credentials)
