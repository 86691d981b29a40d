"""Accounts and tokens around a real server: the link of the first start, and commands beside several processes."""

from __future__ import annotations

import re

from tests.app.command import Command, until
from tests.app.conftest import RunCommand
from tests.upstream_server import UpstreamServer

LINK = re.compile(r"no account yet: make the first one at http://127\.0\.0\.1:\d+(/admin/set-up\?token=\S+) \(")


async def printed(command: Command) -> str:
    """What a command printed that must go well."""
    assert await command.ended() == 0, command.output
    return command.output


async def link_of(server: Command) -> str:
    """The path and query of the link that a start prints."""
    await until(lambda: LINK.search(server.output))
    found = LINK.search(server.output)
    assert found
    return found[1]


async def test_the_link_for_the_first_account_is_the_same_at_each_start_until_it_was_used(
    run_command: RunCommand,
) -> None:
    """Also where little is logged."""
    links = set()
    for level in ("info", "warning"):
        server = run_command("serve", PYPROXY_LOGGING__LEVEL=level)
        links.add(await link_of(server))
        if level == "info":
            await server.listens()
            assert (await server.get(links.copy().pop())).status == 200
        await server.stop()
    assert len(links) == 1


async def test_a_token_is_no_account(run_command: RunCommand) -> None:
    await printed(run_command("token", "add", "ci", "--role", "admin"))
    server = run_command("serve")
    assert await link_of(server)
    await server.stop()


async def test_a_token_opens_and_closes_every_process_at_once(
    run_command: RunCommand, upstream: UpstreamServer
) -> None:
    """(F4)"""
    upstream.add_file("demo", "demo-1.0-py3-none-any.whl", b"content")
    settings = {"PYPROXY_ACCESS__ANONYMOUS_READ": "false", "PYPROXY_SERVER__WORKERS": "2"}
    server = await run_command("serve", upstream=upstream, **settings).listens()
    token = (await printed(run_command("token", "add", "ci", "--role", "read"))).split()[-1]

    async def statuses() -> set[int]:
        header = f"Authorization: Bearer {token}\r\n"
        return {(await server.get("/simple/demo/", headers=header)).status for _ in range(10)}

    assert await statuses() == {200}
    await printed(run_command("token", "remove", "ci"))
    assert await statuses() == {401}
    assert token not in server.output
    await server.stop()
