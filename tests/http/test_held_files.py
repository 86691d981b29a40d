"""Small files that are sent from memory while they are new: what they take of it is counted until nobody has them."""

from __future__ import annotations

import gc
import socket

import pytest

from pyproxy.net.allowance import ALLOWED_BYTES
from tests.distributions import make_wheel
from tests.http.calls import address, ask, calling
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.upstream_server import UpstreamServer
from tests.waiting import until

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=1_900_000)
PATH = address("demo", FILENAME, CONTENT)


@pytest.fixture
def _small_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system takes little of an answer that its client does not read."""
    accept = socket.socket.accept

    def with_small_buffer(self: socket.socket) -> tuple[socket.socket, object]:
        connection, peer = accept(self)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return connection, peer

    monkeypatch.setattr(socket.socket, "accept", with_small_buffer)


def has_all(proxy: Proxy) -> bool:
    """Whether nothing of the allowance is taken."""
    gc.collect()
    allowance = proxy.server.resources.downloads.allowance
    share = allowance.take(ALLOWED_BYTES)
    if share is not None:
        allowance.give_back(share)
    return share is not None


@pytest.mark.usefixtures("_small_buffers")
async def test_what_a_slow_client_still_has_to_take_counts_though_it_is_kept_already(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Else a thousand of them would hold a thousand files in memory."""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    proxy = await start_proxy(upstream)
    async with calling(proxy, PATH) as call:
        got = await call.read(1000)
        await until(lambda: not len(proxy.server.resources.downloads))
        assert len(proxy.kept()) == 1
        assert not has_all(proxy)
        assert got + (await call.answer()).body == CONTENT
    await until(lambda: has_all(proxy))


async def test_a_small_file_that_was_fetched_leaves_nothing_taken(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    proxy = await start_proxy(upstream)
    assert (await ask(proxy, PATH)).body == CONTENT
    assert (await ask(proxy, f"{PATH}.metadata")).body == METADATA
    await until(lambda: has_all(proxy))
