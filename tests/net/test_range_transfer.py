"""Part of a file, passed through: no more of it waits in memory than a window, and nothing runs on unheard."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Literal

import pytest

from pyproxy.errors import BrokenOff, ConnectionBroken, UpstreamInvalidResponse
from pyproxy.net.range_transfer import WINDOW_BYTES, RangeTransfer
from pyproxy.net.response import Receiver, ResponseHead
from tests.net.scripted_bodies import Tap, content, until

PIECE = 64 << 10
DATA = content(8 << 20)


class Ranges:
    """An upstream that sends the wanted range of ``DATA``, with a ``surplus`` or so many bytes ``missing``, and then
    perhaps an ``error``."""

    def __init__(
        self, *, total: str = str(len(DATA)), surplus: bytes = b"", missing: int = 0, error: Exception | None = None
    ) -> None:
        self.tap = Tap()
        self.sent = 0
        self.cancelled = False
        self._total, self._surplus, self._missing, self._error = total, surplus, missing, error

    async def request(
        self,
        url: str,
        *,
        receiver: Receiver,
        kind: Literal["page", "file"],
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        first_byte_timeout: float | None = None,
        allow_http_downgrade: bool = False,
    ) -> object:
        first, last = (int(number) for number in (headers or {})["Range"].removeprefix("bytes=").split("-"))
        lines = {"content-range": f"bytes {first}-{last}/{self._total}"}
        receiver.started(ResponseHead(206, lines, url, False, last + 1 - first, self.tap))
        body = DATA[first : last + 1 - self._missing] + self._surplus
        try:
            for start in range(0, len(body), PIECE):
                await self.tap.open.wait()
                receiver.write(body[start : start + PIECE])
                self.sent += PIECE
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if self._error is not None:
            raise self._error
        return None


def transfer_of(upstream: Ranges, start: int, stop: int) -> RangeTransfer:
    return RangeTransfer(
        upstream, "http://a.example.org/f", upstream="a", start=start, stop=stop, size=len(DATA), hashed=True
    )


async def test_the_wanted_bytes_come_and_wait_only_up_to_the_window() -> None:
    upstream = Ranges()
    transfer = transfer_of(upstream, 100, len(DATA))
    await transfer.open()
    await until(lambda: upstream.tap.paused)
    assert upstream.sent <= WINDOW_BYTES + PIECE
    assert b"".join([piece async for piece in transfer.chunks()]) == DATA[100:]
    transfer.close()


async def test_closing_ends_what_is_under_way() -> None:
    upstream = Ranges()
    transfer = transfer_of(upstream, 0, len(DATA))
    await transfer.open()
    transfer.close()
    await until(lambda: upstream.cancelled)


async def test_who_stops_waiting_for_the_first_byte_ends_it() -> None:
    upstream = Ranges(total="*")
    upstream.tap.pause()
    transfer = transfer_of(upstream, 0, 10)
    opening = asyncio.create_task(transfer.open())
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    transfer.close()


async def test_a_file_of_another_size_is_refused() -> None:
    transfer = transfer_of(Ranges(total="12"), 0, 10)
    with pytest.raises(UpstreamInvalidResponse, match="12 bytes"):
        await transfer.open()


async def test_what_comes_after_the_range_is_of_no_interest() -> None:
    transfer = transfer_of(Ranges(surplus=b"x" * PIECE), 0, PIECE)
    await transfer.open()
    assert b"".join([piece async for piece in transfer.chunks()]) == DATA[:PIECE]
    transfer.close()


@pytest.mark.parametrize("error", [None, ConnectionBroken("a", "broke")], ids=["a clean end", "a reset"])
async def test_a_range_that_ends_early_raises(error: Exception | None) -> None:
    transfer = transfer_of(Ranges(missing=1, error=error), 0, 2 * PIECE)
    await transfer.open()
    with pytest.raises(BrokenOff if error is None else ConnectionBroken):
        async for _ in transfer.chunks():
            pass
    transfer.close()
