"""Files whose index lists no hash: the first copy must at least be what its name says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.errors import UpstreamInvalidResponse
from pyproxy.net.download import Download
from pyproxy.net.verification import Expected
from tests.distributions import make_sdist, make_wheel
from tests.net.scripted_bodies import FileSink, Kept, Script, finished, read_all, sha256

WHEEL_NAME, WHEEL, _ = make_wheel("demo", "1.0", size=200_000)
SDIST_NAME, SDIST = make_sdist("demo", "1.0")
PAGE = b"<!DOCTYPE html><title>Sign in</title>" + b"<p>please</p>" * 20_000


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    sink = FileSink(tmp_path)
    yield Kept(sink)
    sink.discard()


def download_of(kept: Kept, filename: str, script: Script) -> Download:
    return Download(Expected(filename), [script.source], kept.sink, on_verified=kept)


@pytest.mark.parametrize(("filename", "data"), [(WHEEL_NAME, WHEEL), (SDIST_NAME, SDIST)])
async def test_a_complete_archive_is_kept_under_the_sha256_it_turns_out_to_have(
    kept: Kept, filename: str, data: bytes
) -> None:
    download = download_of(kept, filename, Script(data))
    download.start()
    assert await read_all(download.reader()) == data
    await finished(download)
    assert kept.calls == [(sha256(data), len(data))]


async def test_a_torn_archive_without_any_length_is_never_kept(kept: Kept) -> None:
    download = download_of(kept, WHEEL_NAME, Script(WHEEL[:150_000]))
    download.start()
    with pytest.raises(UpstreamInvalidResponse, match="torn"):
        await read_all(download.reader())
    await finished(download)
    assert kept.calls == []


async def test_not_one_byte_of_a_login_page_leaves_as_a_wheel(kept: Kept) -> None:
    never = asyncio.Event()
    script = Script(PAGE, never, length=len(PAGE))
    download = download_of(kept, WHEEL_NAME, script)
    download.start()
    with pytest.raises(UpstreamInvalidResponse, match="name says"):
        await anext(download.reader())
    assert script.sent == 0, "the first bytes already tell"
    await finished(download)


async def test_an_empty_answer_is_no_file(kept: Kept) -> None:
    download = download_of(kept, WHEEL_NAME, Script(length=0))
    await finished(download)
    assert isinstance(download.error, UpstreamInvalidResponse)


async def test_an_unknown_kind_of_hash_counts_as_none(kept: Kept) -> None:
    what = Expected(WHEEL_NAME, len(WHEEL), {"crc-of-the-future": "00"})
    download = Download(what, [Script(WHEEL[::-1]).source], kept.sink, on_verified=kept)
    await finished(download)
    assert isinstance(download.error, UpstreamInvalidResponse)
