"""Files of the local directory: like any other file, and nobody is asked."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.distributions import make_sdist, make_wheel
from tests.http.calls import address, ask, calling
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock, Proxy
from tests.upstream_server import UpstreamServer

FILENAME, CONTENT, METADATA = make_wheel("mine", "1.0", metadata_extra="Requires-Python: >=3.9\n", size=300_000)
PATH = address("mine", FILENAME, CONTENT)


@pytest.fixture
def local(tmp_path: Path) -> Path:
    directory = tmp_path / "local"
    directory.mkdir()
    return directory


async def test_a_local_file_is_served_with_its_metadata_and_ranges(
    upstream: UpstreamServer, start_proxy: StartProxy, local: Path
) -> None:
    """(check 45) (check 46) (check 47) (check 56) (check 58)"""
    (local / "wheels").mkdir()
    (local / "wheels" / FILENAME).write_bytes(CONTENT)
    upstream.add_file("mine", "mine-9.0.tar.gz", b"theirs")
    proxy = await start_proxy(upstream, local=local)
    [entry] = (await proxy.page("mine"))["files"]

    assert await proxy.link("mine", FILENAME) == PATH
    assert entry["size"] == len(CONTENT)
    assert entry["requires-python"] == ">=3.9"
    assert entry["core-metadata"] == {"sha256": hashlib.sha256(METADATA).hexdigest()}
    whole = await ask(proxy, PATH)
    assert (whole.status, whole.body, whole.cache_status, whole.upstream) == (200, CONTENT, "pyproxy; hit", "local")
    assert whole.headers["Cache-Control"] == "public, max-age=365000000, immutable"
    part = await ask(proxy, PATH, {"Range": "bytes=-1000"})
    assert (part.status, part.body) == (206, CONTENT[-1000:])
    head = await ask(proxy, PATH, method="HEAD")
    assert (head.status, head.headers["Content-Length"]) == (200, str(len(CONTENT)))
    sidecar = await ask(proxy, PATH + ".metadata")
    assert (sidecar.status, sidecar.body) == (200, METADATA)
    assert (await ask(proxy, f"/files/mine/{FILENAME}")).headers["Cache-Control"] == "no-cache"
    assert upstream.requests == []


async def test_what_a_local_project_has_not_is_asked_of_nobody(
    upstream: UpstreamServer, start_proxy: StartProxy, local: Path
) -> None:
    """(F18)"""
    (local / FILENAME).write_bytes(CONTENT)
    upstream.add_file("mine", FILENAME, b"theirs")
    proxy = await start_proxy(upstream, local=local)

    for path in (
        address("mine", FILENAME, b"theirs"),
        address("mine", FILENAME, b"theirs") + ".metadata",
        "/files/mine/mine-2.0-py3-none-any.whl",
        "/files/mine/mine-2.0-py3-none-any.whl.metadata",
    ):
        assert (await ask(proxy, path)).status == 404
    assert upstream.requests == []


async def test_distributions_without_metadata_advertise_none(
    upstream: UpstreamServer, start_proxy: StartProxy, local: Path
) -> None:
    """(check 57)"""
    filename, content = make_sdist("mine", "1.0")
    (local / filename).write_bytes(content)
    proxy = await start_proxy(upstream, local=local)

    [entry] = (await proxy.page("mine"))["files"]
    assert not entry.get("core-metadata")
    assert (await ask(proxy, address("mine", filename, content))).body == content
    assert (await ask(proxy, address("mine", filename, content) + ".metadata")).status == 404


async def test_a_replaced_file_is_listed_anew_and_its_old_link_is_dead(
    upstream: UpstreamServer, start_proxy: StartProxy, local: Path, clock: Clock
) -> None:
    """Never the new bytes under the old sha256."""
    (local / FILENAME).write_bytes(CONTENT)
    proxy = await start_proxy(upstream, local=local)
    assert (await ask(proxy, PATH)).status == 200
    _, other, _ = make_wheel("mine", "1.0", size=1000)
    (local / "new").write_bytes(other)
    os.replace(local / "new", local / FILENAME)

    assert (await ask(proxy, PATH)).status == 404
    assert (await ask(proxy, await proxy.link("mine", FILENAME))).body == other


async def test_a_file_taken_away_is_missing_and_who_reads_it_reads_on(
    upstream: UpstreamServer, start_proxy: StartProxy, local: Path
) -> None:
    filename, content, _ = make_wheel("mine", "2.0", size=20_000_000)
    (local / filename).write_bytes(content)
    proxy = await start_proxy(upstream, local=local)
    path = await proxy.link("mine", filename)

    async with calling(proxy, path) as call:
        (local / filename).unlink()
        assert (await call.answer()).body == content
    assert (await ask(proxy, path)).status == 404


def _zip_with(member: str, body: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(member, body)
    return buffer.getvalue()


def _encrypted() -> bytes:
    """Its METADATA claims to be encrypted (bit 0 of the flags), in both headers."""
    data = bytearray(_zip_with("mine-3.0.dist-info/METADATA", METADATA))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _torn_tar() -> bytes:
    return make_sdist("mine", "3.0")[1][:60]


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        ("mine-3.0-py3-none-any.whl", CONTENT[:1000]),
        ("mine-3.0-py3-none-any.whl", _zip_with("README", b"no metadata")),
        ("mine-3.0-py3-none-any.whl", _encrypted()),
        ("mine-3.0-py3-none-any.whl", b""),
        ("mine-3.0.zip", b"no zip"),
        ("mine-3.0.tar.gz", _torn_tar()),
        ("mine-3.0.tar.bz2", b"BZh9" + b"x" * 100),
        ("mine-3.0.tar.xz", b"\xfd7zXZ\x00" + b"x" * 100),
    ],
)
async def test_a_broken_file_does_not_cost_the_others(
    upstream: UpstreamServer, start_proxy: StartProxy, local: Path, filename: str, content: bytes
) -> None:
    """(pain 29)"""
    (local / FILENAME).write_bytes(CONTENT)
    (local / filename).write_bytes(content)
    proxy = await start_proxy(upstream, local=local)

    assert [entry["filename"] for entry in (await proxy.page("mine"))["files"]] == [FILENAME]
    assert (await ask(proxy, address("mine", filename, content))).status == 404


async def test_old_kinds_of_distributions_are_served(
    upstream: UpstreamServer, start_proxy: StartProxy, local: Path
) -> None:
    """(F37)"""
    files = {
        "mine-1.0-py2.7.egg": _zip_with("EGG-INFO/PKG-INFO", METADATA),
        "mine-1.0.win32.exe": b"MZ",
        "mine-1.0-variants.json": b"{}",
        "mine-1.0.tar.bz2": _tar("bz2"),
        "mine-1.0.tar.xz": _tar("xz"),
    }
    for filename, content in files.items():
        (local / filename).write_bytes(content)
    proxy = await start_proxy(upstream, local=local)

    assert {entry["filename"] for entry in (await proxy.page("mine"))["files"]} == set(files)
    async for answer, content in _answers(proxy, files):
        assert answer == content


async def _answers(proxy: Proxy, files: dict[str, bytes]) -> AsyncIterator[tuple[bytes, bytes]]:
    for filename, content in files.items():
        yield (await ask(proxy, await proxy.link("mine", filename))).body, content


def _tar(compression: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{compression}") as archive:  # type: ignore[call-overload]
        archive.addfile(tarfile.TarInfo("mine-1.0/PKG-INFO"))
    return buffer.getvalue()
