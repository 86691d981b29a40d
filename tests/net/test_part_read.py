"""Some bytes of an upstream's file: the very ones that were asked for, or an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pytest

from pyproxy.errors import BrokenOff, UpstreamInvalidResponse, UpstreamStatus
from pyproxy.net.file_requests import Part
from pyproxy.net.part_read import FilePart, read_part
from pyproxy.net.response import Receiver, ResponseHead

DATA = bytes(range(256)) * 4


class Answers:
    """An upstream that answers with a ``Content-Range`` and a body, whatever is asked."""

    def __init__(self, content_range: str, body: bytes, *, status: int = 206, encoded: bool = False) -> None:
        self.asked: str | None = None
        self._head = status, {"content-range": content_range}, encoded
        self._body = body

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
        assert not allow_http_downgrade, "no hash protects a part"
        self.asked = (headers or {})["Range"]
        status, lines, encoded = self._head
        receiver.started(ResponseHead(status, lines, url, encoded, len(self._body)))
        receiver.write(self._body[:10])
        receiver.write(self._body[10:])
        return None


async def read(upstream: Answers, wanted: Part) -> FilePart:
    return await read_part(upstream, "https://a.example.org/f", wanted, upstream="a")


@pytest.mark.parametrize(
    ("wanted", "content_range", "part", "range_"),
    [
        ((1000, 1024), "bytes 1000-1023/1024", FilePart(1000, DATA[1000:], 1024), "bytes=1000-1023"),
        ((1000, 1024), "bytes 1000-1023/*", FilePart(1000, DATA[1000:], 1024), "bytes=1000-1023"),
        ((900, 1000), "bytes 900-949/1024", FilePart(900, DATA[900:950], 1024), "bytes=900-999"),
        (24, "bytes 1000-1023/1024", FilePart(1000, DATA[1000:], 1024), "bytes=-24"),
        (2000, "bytes 0-1023/1024", FilePart(0, DATA, 1024), "bytes=-2000"),
    ],
    ids=["a span", "of unknown size", "less than wanted", "the end", "all of it"],
)
async def test_what_was_asked_for_is_taken(wanted: Part, content_range: str, part: FilePart, range_: str) -> None:
    upstream = Answers(content_range, part.data)
    assert await read(upstream, wanted) == part
    assert upstream.asked == range_


@pytest.mark.parametrize(
    ("wanted", "content_range"),
    [
        ((1000, 1024), ""),
        ((1000, 1024), "bytes 0-23/1024"),
        ((900, 1000), "bytes 900-1000/1024"),
        ((1000, 1024), "bytes 1000-1023/1000"),
        ((1000, 1024), "bytes 1000-999/1024"),
        (24, "bytes 0-23/1024"),
        (24, "bytes 990-1023/1024"),
        (24, "words 1000-1023/1024"),
    ],
)
async def test_another_range_is_refused(wanted: Part, content_range: str) -> None:
    with pytest.raises(UpstreamInvalidResponse, match="another range"):
        await read(Answers(content_range, DATA[1000:]), wanted)


async def test_encoded_bytes_are_refused() -> None:
    with pytest.raises(UpstreamInvalidResponse):
        await read(Answers("bytes 1000-1023/1024", DATA[1000:], encoded=True), 24)


@pytest.mark.parametrize("body", [DATA[1000:-1], DATA[1000:] + b"x"], ids=["too short", "too long"])
async def test_a_body_of_another_length_is_refused(body: bytes) -> None:
    with pytest.raises(BrokenOff):
        await read(Answers("bytes 1000-1023/1024", body), 24)


async def test_of_a_whole_file_nothing_is_read() -> None:
    with pytest.raises(UpstreamStatus) as caught:
        await read(Answers("", DATA, status=200), 24)
    assert caught.value.status == 200
