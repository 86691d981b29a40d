"""``CDN-Loop`` (RFC 8586): what is read from it, and what is sent on."""

from __future__ import annotations

import asyncio

import pytest

from pyproxy.errors import RequestLoop
from pyproxy.net.loop_guard import HEADER, MAX_SERVERS, LoopGuard, loop_header, new_name

OWN = "pyproxy-0123456789abcdef"
OTHER = "pyproxy-fedcba9876543210"


async def sent(header: str | None) -> dict[str, str]:
    """What goes upstream on behalf of a request with this header."""

    async def request() -> dict[str, str]:
        LoopGuard(OWN).admit(header)
        return await asyncio.create_task(upstream())

    async def upstream() -> dict[str, str]:
        return loop_header()

    return await asyncio.create_task(request())


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (None, [OWN]),
        ("", [OWN]),
        (OTHER, [OTHER, OWN]),
        (f"{OTHER}; hops=2 , x", [OTHER, OWN]),
        ("another-cdn; loops=1, example.org:8080", [OWN]),
        (f"not-{OWN}, {OWN}0, {OWN.upper()}, {OWN} x", [OWN]),
        ("pyproxy-\r\nX-Injected: 1", [OWN]),
    ],
)
async def test_our_name_goes_behind_those_of_other_servers_like_us(header: str | None, names: list[str]) -> None:
    assert await sent(header) == {HEADER: ", ".join(names)}


@pytest.mark.parametrize("header", [OWN, f"{OTHER},{OWN}", f"another-cdn, {OWN} ; hops=1", f"{OTHER} ,\t{OWN}"])
async def test_a_request_that_carries_our_name_is_refused(header: str) -> None:
    with pytest.raises(RequestLoop, match="been here before"):
        await sent(header)


async def test_a_loop_of_changing_names_ends_as_well() -> None:
    names = [new_name() for _ in range(MAX_SERVERS)]
    await sent(", ".join(names[1:]))
    with pytest.raises(RequestLoop, match=f"passed {MAX_SERVERS} servers"):
        await sent(", ".join(names))


async def test_one_requests_names_are_not_anothers() -> None:
    assert await asyncio.gather(sent(OTHER), sent(None)) == [{HEADER: f"{OTHER}, {OWN}"}, {HEADER: OWN}]
    assert loop_header() == {}


def test_every_server_has_a_name_of_its_own() -> None:
    assert new_name() != new_name()
