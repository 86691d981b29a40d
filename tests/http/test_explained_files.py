"""`explain PROJECT FILENAME`: who lists the file, whether it is kept, and why it would be refused."""

from __future__ import annotations

from pathlib import Path

from pyproxy.admin.explanation.model import FileState
from tests.distributions import make_wheel
from tests.http.calls import address, ask, idle
from tests.http.conftest import StartProxy
from tests.http.explaining import explain, told
from tests.http.proxy import Clock
from tests.http.publishing import publish
from tests.upstream_server import Corrupt, UpstreamServer

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0")
PATH = address("demo", FILENAME, CONTENT)


async def test_a_kept_file_is_told_with_its_hashes_place_and_uses(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """(pain 30) Is it caching at all?"""
    upstream.add_file(
        "demo",
        FILENAME,
        CONTENT,
        md5=True,
        metadata=METADATA,
        requires_python=">=3.8",
        yanked="broken on Tuesdays",
        upload_time="2024-01-02T03:04:05Z",
    )
    proxy = await start_proxy(upstream)
    for _ in range(3):
        await ask(proxy, PATH)
        await idle(proxy)
    await proxy.server.resources.files.flush_uses()

    explanation = await explain(proxy, "demo", FILENAME)

    file = explanation.file
    assert file is not None
    assert (file.state, file.link, file.size) == (FileState.CACHED, PATH, len(CONTENT))
    (copy,), (listing,) = file.copies, file.listings
    assert copy.path is not None
    assert Path(copy.path).read_bytes() == CONTENT
    assert set(copy.file.hashes) == {"sha256", "md5"}
    assert copy.file.uses >= 2
    text = told(explanation)
    for part in (
        "2024-01-02T03:04:05Z",
        ">=3.8",
        "YANKED: broken on Tuesdays",
        f"Its link: {PATH}",
        "answered from the",
    ):
        assert part in text
    assert listing.url == f"{upstream.url}/packages/demo/{FILENAME}"


async def test_a_file_that_is_not_here_is_told_with_the_upstreams_that_would_be_asked(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    other.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream, other)
    await ask(proxy, "/simple/demo/")
    upstream.add_file("demo", FILENAME, CONTENT)
    clock.advance(600)
    await ask(proxy, "/simple/demo/")

    explanation = await explain(proxy, "demo", FILENAME)

    assert explanation.file is not None
    assert (explanation.file.state, explanation.file.sources) == (FileState.FETCHED, ("first", "second"))
    upstream.behave("/packages/", Corrupt())
    answer = await ask(proxy, PATH)
    assert (answer.body, other.count("/packages/")) == (CONTENT, 1), "as foretold"


async def test_wrong_bytes_are_told_as_the_reason_of_a_refusal(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """(pain 1) (F1)"""
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", Corrupt())
    proxy = await start_proxy(upstream)
    await ask(proxy, PATH)
    await ask(proxy, PATH)
    clock.advance(7200)

    file, project = await explain(proxy, "demo", FILENAME), await explain(proxy, "demo")

    assert "REFUSED when it last came from first" in told(file)
    assert "sent other bytes of" in told(file)
    assert "2 times in a row" in told(file)
    assert "last 2 hours ago" in told(file)
    assert f"1 file of it went WRONG when last fetched: {FILENAME}" in told(project)


async def test_a_file_that_only_a_hidden_upstream_lists_is_not_listed(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """(pain 5)"""
    other.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream, other)
    await ask(proxy, "/simple/demo/")
    publish(upstream, "demo", "0.1")
    clock.advance(600)
    await ask(proxy, "/simple/demo/")

    explanation = await explain(proxy, "demo", FILENAME)

    assert explanation.file is not None
    assert explanation.file.state is FileState.NOT_LISTED
    assert "first answers for demo and lists no file of this name." in told(explanation)
    assert "second lists it, but files of several upstreams are never mixed." in told(explanation)
    assert (await ask(proxy, f"/files/demo/{FILENAME}")).status == 404


async def test_the_name_of_a_metadata_file_explains_its_wheel(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 6)"""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    upstream.behave(f"/packages/demo/{FILENAME}.metadata", Corrupt())
    proxy = await start_proxy(upstream)
    await ask(proxy, f"{PATH}.metadata")

    explanation = await explain(proxy, "demo", f"{FILENAME}.metadata")

    assert explanation.file is not None
    assert explanation.file.filename == FILENAME
    assert f"first, {FILENAME}.metadata" in told(explanation)
    assert "first offers it with sha256" in told(explanation)


async def test_a_recorded_sha256_and_a_change_upstream_are_told(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 25)"""
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False)
    proxy = await start_proxy(upstream)
    await ask(proxy, f"/files/demo/{FILENAME}")
    explanation = await explain(proxy, "demo", FILENAME)
    assert f"sha256 recorded at its first download: {explanation.file.sha256}" in told(explanation)  # type: ignore[union-attr]
    assert "1 first download had theirs recorded here" in told(explanation)
    await proxy.server.resources.files.forget("demo")
    upstream.behave("/packages/", Corrupt(len(CONTENT) - 1))
    await ask(proxy, PATH)
    assert "content changed upstream" in told(await explain(proxy, "demo", FILENAME))


async def test_signatures_in_addresses_are_not_shown(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(pain 12)"""
    signed = f"{upstream.url}/packages/demo/{FILENAME}?signature=s3cret"
    upstream.add_file("demo", FILENAME, CONTENT, url=signed)
    proxy = await start_proxy(upstream)
    await ask(proxy, "/simple/demo/")
    explanation = await explain(proxy, "demo", FILENAME)
    assert "s3cret" not in told(explanation) + repr(explanation)
