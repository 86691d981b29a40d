"""``.metadata`` of wheels whose upstream offers none: read out of the wheel's end, kept, compared, and listed."""

from __future__ import annotations

import asyncio
import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pyproxy.settings import UpstreamSettings
from tests.distributions import make_sdist, make_wheel
from tests.http.calls import address, ask, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import HTML, Clock, Proxy, make_config
from tests.upstream_server import Behaviour, Normal, Portal, Raw, Reset, Silence, Status, UpstreamServer

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=200_000, metadata_extra="Requires-Dist: other\n")
PATH = address("demo", FILENAME, CONTENT)
SIDECAR = PATH + ".metadata"
DIGEST = hashlib.sha256(METADATA).hexdigest()
TAIL = 32 * 1024
NO_PART = Raw(b"HTTP/1.1 206 Some\r\nContent-Length: 1\r\nContent-Range: bytes 0-0/%s\r\n\r\nx" % (b"9" * 5000))


def asked(upstream: UpstreamServer) -> list[tuple[str, str | None]]:
    """The requests for files: method and range."""
    files = [request for request in upstream.requests if request.path.startswith("/packages/")]
    return [(request.method, request.headers.get("range")) for request in files]


async def entry(proxy: Proxy, filename: str = FILENAME) -> Any:
    """What the page says of a file."""
    return next(each for each in (await proxy.page("demo"))["files"] if each["filename"] == filename)


async def test_it_is_listed_read_from_the_end_of_the_wheel_and_kept(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Without a hash (PEP 714): the page does not change when it becomes known. One request, kilobytes; also after a
    restart nothing is asked again."""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    before = await proxy.get("/simple/demo/", {"Accept": HTML})

    cold = await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")
    warm = await ask(proxy, SIDECAR)
    await proxy.restart()
    later = await ask(proxy, SIDECAR)

    listed = await entry(proxy)
    assert listed["core-metadata"] is True
    assert 'data-core-metadata="true" data-dist-info-metadata="true"' in before.body.decode()
    for answer in (cold, warm, later):
        assert (answer.status, answer.body, answer.headers["Etag"]) == (200, METADATA, f'"{DIGEST}"')
        assert answer.upstream == "first"
    hits = ["pyproxy; fwd=miss", "pyproxy; hit", "pyproxy; hit"]
    assert [answer.cache_status for answer in (cold, warm, later)] == hits
    assert asked(upstream) == [("GET", f"bytes={len(CONTENT) - TAIL}-{len(CONTENT) - 1}")]
    assert proxy.kept() == []
    assert (await proxy.get("/simple/demo/", {"Accept": HTML})).headers["Etag"] == before.headers["Etag"]


async def test_only_wheels_without_a_metadata_file_of_the_upstream_get_one(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    other, content, metadata = make_wheel("demo", "2.0")
    sdist, packed = make_sdist("demo", "1.0")
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.add_file("demo", other, content, metadata=metadata)
    upstream.add_file("demo", sdist, packed)
    proxy = await start_proxy(upstream)

    assert (await entry(proxy))["core-metadata"] is True
    assert (await entry(proxy, other))["core-metadata"] == {"sha256": hashlib.sha256(metadata).hexdigest()}
    assert "core-metadata" not in await entry(proxy, sdist)
    assert (await ask(proxy, address("demo", sdist, packed) + ".metadata")).status == 404


async def test_it_can_be_switched_off(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """And then what was read before is not answered either."""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    assert (await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")).status == 200
    await proxy.restart(extract_metadata=False)

    assert "core-metadata" not in await entry(proxy)
    assert (await ask(proxy, SIDECAR)).status == 404


async def test_many_who_ask_at_once_share_one_read(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    await proxy.page("demo")

    answers = await asyncio.gather(*(ask(proxy, SIDECAR) for _ in range(8)))

    assert {answer.body for answer in answers} == {METADATA}
    assert sorted({answer.cache_status for answer in answers})[0] == "pyproxy; fwd=miss"
    assert len(asked(upstream)) == 1


async def test_without_a_listed_size_the_last_bytes_are_asked_for(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT, size=False)
    proxy = await start_proxy(upstream)

    assert (await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")).body == METADATA
    assert asked(upstream) == [("GET", f"bytes=-{64 * 1024}")]


async def test_a_host_that_cannot_send_the_last_bytes_is_asked_by_their_place(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Azure's blob storage is one. The second time without the vain request."""
    other, content, metadata = make_wheel("demo", "2.0", size=100_000)
    upstream.add_file("demo", FILENAME, CONTENT, size=False)
    upstream.add_file("demo", other, content, size=False)
    upstream.no_suffix_ranges = True
    proxy = await start_proxy(upstream)

    first = await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")
    second = await ask(proxy, address("demo", other, content) + ".metadata")

    assert (first.body, second.body) == (METADATA, metadata)
    assert [(method, wanted) for method, wanted in asked(upstream)] == [
        ("GET", f"bytes=-{64 * 1024}"),
        ("HEAD", None),
        ("GET", f"bytes={len(CONTENT) - TAIL}-{len(CONTENT) - 1}"),
        ("HEAD", None),
        ("GET", f"bytes={len(content) - TAIL}-{len(content) - 1}"),
    ]
    assert proxy.kept() == []


@pytest.mark.parametrize("head", [Status(405), Status(404), Normal()], ids=["no HEAD", "404 to HEAD", "HEAD"])
async def test_without_ranges_and_sizes_the_whole_wheel_comes(
    upstream: UpstreamServer, start_proxy: StartProxy, head: Behaviour
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT, size=False)
    upstream.no_ranges = True
    for behaviour in (Normal(), head):
        upstream.behave("/packages/", behaviour, times=1)
    proxy = await start_proxy(upstream)

    assert (await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")).body == METADATA
    await idle(proxy)
    assert (await ask(proxy, PATH)).cache_status == "pyproxy; hit"


async def test_metadata_that_lies_elsewhere_takes_a_second_request(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("demo-1.0.dist-info/METADATA", METADATA)
        archive.writestr("demo/padding", CONTENT)
    upstream.add_file("demo", FILENAME, buffer.getvalue())
    proxy = await start_proxy(upstream)

    assert (await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")).body == METADATA
    assert len(asked(upstream)) == 2


async def test_an_upstream_without_ranges_gives_the_whole_wheel_which_is_kept(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """The first answer with a whole file is broken off; the host is not asked for a range again."""
    other, content, metadata = make_wheel("demo", "2.0")
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.add_file("demo", other, content)
    upstream.no_ranges = True
    proxy = await start_proxy(upstream)

    first = await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")
    second = await ask(proxy, address("demo", other, content) + ".metadata")
    await idle(proxy)

    assert (first.body, second.body) == (METADATA, metadata)
    assert [wanted is None for _, wanted in asked(upstream)] == [False, True, True]
    assert sorted(proxy.kept()) == sorted(hashlib.sha256(each).hexdigest() for each in (CONTENT, content))
    assert (await ask(proxy, PATH)).cache_status == "pyproxy; hit"


async def test_of_many_wheels_at_once_a_host_without_ranges_begins_to_send_one_in_vain(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    wheels = [make_wheel("demo", f"{number}.0") for number in range(6)]
    for filename, content, _ in wheels:
        upstream.add_file("demo", filename, content)
    upstream.no_ranges = True
    proxy = await start_proxy(upstream)
    await proxy.page("demo")

    paths = [address("demo", filename, content) + ".metadata" for filename, content, _ in wheels]
    answers = await asyncio.gather(*(ask(proxy, path) for path in paths))

    assert [answer.body for answer in answers] == [metadata for _, _, metadata in wheels]
    assert len([wanted for _, wanted in asked(upstream) if wanted is not None]) == 1
    assert len(asked(upstream)) == 7


async def test_a_host_is_asked_for_ranges_again_after_an_hour(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """Somebody may have mended it."""
    other, content, metadata = make_wheel("demo", "2.0")
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.add_file("demo", other, content)
    upstream.no_ranges = True
    proxy = await start_proxy(upstream)
    await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")
    await idle(proxy)
    upstream.no_ranges = False
    upstream.requests.clear()
    clock.advance(3601)

    assert (await ask(proxy, address("demo", other, content) + ".metadata")).body == metadata
    assert [wanted is None for _, wanted in asked(upstream)] == [False]


@pytest.mark.parametrize("behaviour", [Status(403), Status(500), Status(416), Portal(), Reset(), NO_PART], ids=str)
async def test_the_whole_wheel_is_the_last_resort(
    upstream: UpstreamServer, start_proxy: StartProxy, behaviour: Behaviour
) -> None:
    """Clients end an install over a metadata file that is listed and cannot be had."""
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", behaviour, times=2)  # a reset and a 5xx are tried twice
    upstream.behave("/packages/", Normal())
    proxy = await start_proxy(upstream)

    answers = [await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")]
    if answers[0].status != 200:  # the whole was asked for while it went on misbehaving
        answers.append(await ask(proxy, SIDECAR))

    assert answers[-1].body == METADATA


async def test_what_cannot_be_had_at_all_is_an_error_and_not_remembered(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", Status(500))
    proxy = await start_proxy(upstream)

    assert (await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")).status == 502
    upstream.clear_behaviours()
    assert (await ask(proxy, SIDECAR)).body == METADATA


async def test_the_next_upstreams_whole_wheel_is_taken(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """It has the same sha256, so its metadata is the same."""
    for server in (upstream, other):
        server.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", Status(404))
    proxy = await start_proxy(upstream, other)

    assert (await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")).body == METADATA
    assert asked(other) == [("GET", None)]


async def test_a_part_is_not_taken_from_an_upstream_that_only_claims_to_have_the_wheel(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """The bytes of a part are not verified: what one upstream said of a wheel does not answer for another's page."""
    false = make_wheel("demo", "1.0", size=200_000, metadata_extra="Requires-Dist: malice\n")[1]
    upstream.add_file("demo", FILENAME, CONTENT)
    other.add_file("demo", FILENAME, false, sha256=hashlib.sha256(CONTENT).hexdigest())
    upstream.behave("/simple/", Status(503), times=2)
    proxy = await start_proxy(upstream, other)
    assert b"malice" in (await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")).body
    await proxy.restart()
    await proxy.page("demo")

    assert (await ask(proxy, SIDECAR)).body == METADATA


async def test_what_an_upstream_said_that_is_no_longer_asked_answers_for_nobody_elses_page(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Also of the one that came first: perhaps that is why it is asked no more."""
    false = make_wheel("demo", "1.0", size=200_000, metadata_extra="Requires-Dist: malice\n")[1]
    upstream.add_file("demo", FILENAME, false, sha256=hashlib.sha256(CONTENT).hexdigest())
    other.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream, other)
    assert b"malice" in (await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")).body
    store = proxy.server.resources.upstreams
    store.change("first", UpstreamSettings(name="first", url=upstream.url, excluded_projects=("demo",)))
    await proxy.restart()
    await proxy.page("demo")

    answer = await ask(proxy, SIDECAR)

    assert (answer.body, answer.upstream) == (METADATA, "second")


async def test_a_broken_wheel_is_an_error_once_and_offered_no_more(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Its bytes are the listed ones, so it is kept; what a client makes of it is the client's affair."""
    upstream.add_file("demo", FILENAME, b"PK no wheel at all" * 100)
    proxy = await start_proxy(upstream)
    link = await proxy.link("demo", FILENAME)

    assert (await ask(proxy, link + ".metadata")).status == 404
    await idle(proxy)
    assert "core-metadata" not in await entry(proxy)
    assert (await ask(proxy, link + ".metadata")).status == 404
    await proxy.restart()

    assert "core-metadata" not in await entry(proxy)
    assert (await ask(proxy, link)).status == 200
    assert len(asked(upstream)) == 2  # its end, and the whole


async def test_a_part_that_differs_from_the_whole_is_an_alarm_and_the_wheels_own_rules(
    upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    """Also when the wheel has been evicted again."""
    false = make_wheel("demo", "1.0", size=200_000, metadata_extra="Requires-Dist: malice\n")[1]
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    upstream.add_file("demo", FILENAME, false, sha256=sha256, size=False)
    proxy = await start_proxy(upstream)
    assert b"malice" in (await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")).body

    upstream.add_file("demo", FILENAME, CONTENT, size=False)
    assert (await ask(proxy, PATH)).body == CONTENT
    await idle(proxy)

    assert (await ask(proxy, SIDECAR)).body == METADATA
    assert "sent other METADATA" in caplog.text
    await proxy.server.records.flush()
    [failure] = proxy.server.resources.failures.of_project("demo")
    assert (failure.route, failure.kind, failure.filename) == ("metadata", "hash mismatch", f"{FILENAME}.metadata")
    counted = 'pyproxy_upstream_failures_total{kind="hash mismatch",route="metadata",upstream="first"} 1.0'
    assert counted in (await proxy.get("/metrics")).body.decode()
    await proxy.server.resources.files.forget("demo")
    assert proxy.kept() == []
    assert (await ask(proxy, SIDECAR)).body == METADATA


async def test_the_same_in_part_and_whole_is_no_alarm(
    upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")
    await ask(proxy, PATH)
    await idle(proxy)
    assert "METADATA" not in caplog.text
    await proxy.server.records.flush()
    assert proxy.server.resources.failures.of_project("demo") == []


async def test_offline_it_is_listed_where_it_is_known(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    other, content, _ = make_wheel("demo", "2.0")
    third, wheel, metadata = make_wheel("demo", "3.0")
    for filename, bytes_ in ((FILENAME, CONTENT), (other, content), (third, wheel)):
        upstream.add_file("demo", filename, bytes_)
    proxy = await start_proxy(upstream)
    await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")
    await ask(proxy, address("demo", third, wheel))
    await idle(proxy)
    await proxy.restart(offline=True)
    upstream.requests.clear()

    files = {each["filename"]: each.get("core-metadata") for each in (await proxy.page("demo"))["files"]}
    assert files == {FILENAME: True, other: None, third: True}
    assert (await ask(proxy, SIDECAR)).body == METADATA
    assert (await ask(proxy, address("demo", third, wheel) + ".metadata")).body == metadata
    assert (await ask(proxy, address("demo", other, content) + ".metadata")).status == 503
    assert upstream.requests == []


async def test_a_wheel_without_a_listed_hash_has_it_too(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """By the address without a hash at first; when the wheel has come, by its own."""
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False)
    proxy = await start_proxy(upstream)
    link = await proxy.link("demo", FILENAME)
    assert link == f"/files/demo/{FILENAME}"

    first = await ask(proxy, link + ".metadata")
    assert (first.body, first.headers["Cache-Control"]) == (METADATA, "no-cache")
    assert (await ask(proxy, link + ".metadata")).cache_status == "pyproxy; hit"
    await ask(proxy, link)
    await idle(proxy)

    assert await proxy.link("demo", FILENAME) == PATH
    await proxy.server.resources.files.forget("demo")
    assert (await ask(proxy, SIDECAR)).body == METADATA
    assert len(asked(upstream)) == 2


async def test_without_hash_and_ranges_the_wheel_is_fetched_and_its_hash_recorded(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False)
    upstream.no_ranges = True
    proxy = await start_proxy(upstream)

    assert (await ask(proxy, f"/files/demo/{FILENAME}.metadata")).body == METADATA
    await idle(proxy)
    assert await proxy.link("demo", FILENAME) == PATH
    assert (await ask(proxy, SIDECAR)).body == METADATA


async def test_an_old_address_is_looked_up_anew(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """Signed addresses end after an hour; the page is known for longer."""
    moved = f"{upstream.url}/packages/demo/{FILENAME}"
    upstream.add_file("demo", FILENAME, CONTENT, url=f"{upstream.url}/signed/{FILENAME}")
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    upstream.add_file("demo", FILENAME, CONTENT, url=moved)
    clock.advance(3600)

    assert (await ask(proxy, SIDECAR)).body == METADATA
    assert [wanted for _, wanted in asked(upstream)] == [f"bytes={len(CONTENT) - TAIL}-{len(CONTENT) - 1}"]


async def test_nobody_waits_for_ever(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """A time-out is not followed by another wait for the whole wheel."""
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", Silence())
    proxy = await start_proxy(UpstreamSettings(name="first", url=upstream.url, stall_timeout_ms=1000))

    assert (await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")).status == 504
    assert len(asked(upstream)) == 1


async def test_a_purge_forgets_it(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    await ask(proxy, await proxy.link("demo", FILENAME) + ".metadata")
    await proxy.server.resources.pages.purge("demo")
    await proxy.page("demo")

    assert (await ask(proxy, SIDECAR)).cache_status == "pyproxy; fwd=miss"


async def test_a_pyproxy_behind_a_pyproxy_takes_it_over(
    upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    """It lists what it does not know yet, and the first one in the row reads it there."""
    upstream.add_file("demo", FILENAME, CONTENT)
    behind = await start_proxy(upstream)
    front = Proxy(make_config(tmp_path / "front", [UpstreamSettings(name="behind", url=behind.url)]), behind.clock, {})
    await front.start()
    try:
        assert (await ask(front, await front.link("demo", FILENAME) + ".metadata")).body == METADATA
        assert len(asked(upstream)) == 1
    finally:
        await front.stop()
