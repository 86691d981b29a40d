"""Prefetches of lock files: the files that a platform needs, held against the lock's hashes."""

from __future__ import annotations

import hashlib

import pytest

from pyproxy.errors import ConfigurationError
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock
from tests.requirements.sample_index import SPEED_TAGS, files, lock, oldtimer, publish
from tests.upstream_server import Corrupt, Status, UpstreamServer

from .conftest import Prefetch, failed, states

SPEED = "speed-1.2-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
NEEDED = {
    "greeting-2.0-py3-none-any.whl",
    "oldtimer-0.9.tar.gz",
    SPEED,
    "tester-5.0-py3-none-any.whl",
    "words-1.0-py3-none-any.whl",
}
DAY = 86400.0
LOCKS = ("uv.lock", "pylock.toml", "poetry.lock")


@pytest.mark.parametrize("name", [*LOCKS, "requirements.txt"])
async def test_what_one_platform_needs_is_fetched_and_nothing_else(
    prefetch: Prefetch, upstream: UpstreamServer, name: str
) -> None:
    publish(upstream.add_file)

    report = await prefetch(lock(name), name=name)

    assert states(report) == dict.fromkeys(NEEDED, "fetched")
    assert report.complete
    assert upstream.count("/packages/") == len(NEEDED)


async def test_what_was_fetched_is_served_with_the_upstream_gone(
    prefetch: Prefetch, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream.add_file)
    await prefetch(lock("uv.lock"), name="uv.lock")
    await upstream.stop()

    proxy = await start_proxy(upstream)

    filename, content = oldtimer()
    answer = await proxy.file("oldtimer", filename)
    assert (answer.status, answer.body, answer.cache_status) == (200, content, "pyproxy; hit")


async def test_a_second_prefetch_fetches_nothing(prefetch: Prefetch, upstream: UpstreamServer) -> None:
    publish(upstream.add_file)
    await prefetch(lock("uv.lock"), name="uv.lock")
    asked = len(upstream.requests)

    report = await prefetch(lock("uv.lock"), name="uv.lock")

    assert states(report) == dict.fromkeys(NEEDED, "here")
    assert len(upstream.requests) == asked, "the pages are fresh, the files are here"


async def test_what_is_here_is_found_while_no_page_can_be_had(
    prefetch: Prefetch, upstream: UpstreamServer, clock: Clock
) -> None:
    publish(upstream.add_file)
    await prefetch(lock("uv.lock"), name="uv.lock")
    clock.advance(60 * DAY)
    upstream.behave("/", Status(503))

    report = await prefetch(lock("uv.lock"), name="uv.lock")

    assert states(report) == dict.fromkeys(NEEDED, "here")
    assert sorted(report.notes)[0] == (
        "greeting: its files are here, but its page could not be had: upstream first answered 503 Service Unavailable"
    )


async def test_several_targets_get_their_files_each(prefetch: Prefetch, upstream: UpstreamServer) -> None:
    publish(upstream.add_file)

    report = await prefetch(
        lock("pylock.toml"), name="pylock.toml", pythons=("3.12",), platforms=("win_amd64", "macosx_14_0_arm64")
    )

    assert {"speed-1.2-cp312-cp312-win_amd64.whl", "speed-1.2-cp312-cp312-macosx_11_0_arm64.whl"} < set(states(report))
    assert {"shades-0.4-py3-none-any.whl", "winonly-3.0-py3-none-win_amd64.whl"} < set(states(report))
    assert SPEED not in states(report)


async def test_every_file_of_the_lock_is_fetched_where_all_are_wanted(
    prefetch: Prefetch, upstream: UpstreamServer
) -> None:
    publish(upstream.add_file)

    report = await prefetch(lock("poetry.lock"), name="poetry.lock", asked={"everything": True})

    assert {f"speed-1.2-{tags}.whl" for tags in SPEED_TAGS} < set(states(report))
    assert set(states(report).values()) == {"fetched"}


async def test_a_release_without_a_file_for_the_platform_is_told(prefetch: Prefetch, upstream: UpstreamServer) -> None:
    publish(upstream.add_file)

    report = await prefetch(lock("uv.lock"), name="uv.lock", platforms=("macosx_14_0_x86_64",))

    outcome = failed(report)
    assert (outcome.project, outcome.version) == ("speed", "1.2")
    assert outcome.reason == "the lock has no file of it that fits CPython 3.12 on macosx_14_0_x86_64"


async def test_a_hash_that_the_index_does_not_list_is_told_with_both(
    prefetch: Prefetch, upstream: UpstreamServer
) -> None:
    publish(upstream.add_file)
    upstream.add_file("words", "words-1.0-py3-none-any.whl", b"another")

    report = await prefetch(lock("uv.lock"), name="uv.lock")

    listed = hashlib.sha256(b"another").hexdigest()
    outcome = failed(report)
    assert outcome.filename == "words-1.0-py3-none-any.whl"
    assert outcome.reason.startswith(f"first lists it with sha256 {listed}, ")
    assert outcome.reason.endswith("has 45e8cc362c26ca017a0f26fc705adda8a474b810990e20fac01eae2b29eabdc4")
    assert len(report.of("fetched")) == len(NEEDED) - 1
    assert upstream.count("/packages/words/") == 0


async def test_a_file_listed_without_a_hash_is_held_against_the_lock(
    prefetch: Prefetch, upstream: UpstreamServer
) -> None:
    publish(upstream.add_file)
    filename, content = oldtimer()
    upstream.add_file("oldtimer", filename, content, sha256=False)

    assert set(states(await prefetch(lock("uv.lock"), name="uv.lock")).values()) == {"fetched"}

    wrong = lock("uv.lock").replace(hashlib.sha256(content).hexdigest(), "0" * 64)
    outcome = failed(await prefetch(wrong, name="uv.lock"))
    assert outcome.filename == filename
    assert "0" * 64 in outcome.reason
    assert hashlib.sha256(content).hexdigest() in outcome.reason


async def test_a_file_that_the_index_no_longer_lists_is_told(prefetch: Prefetch, upstream: UpstreamServer) -> None:
    publish(upstream.add_file)
    del upstream.projects["words"]["words-1.0-py3-none-any.whl"]
    upstream.add_file("words", "words-2.0-py3-none-any.whl", b"newer")

    outcome = failed(await prefetch(lock("uv.lock"), name="uv.lock"))

    assert (outcome.filename, outcome.reason) == ("words-1.0-py3-none-any.whl", "first does not list it")


async def test_what_an_upstream_fails_to_send_is_told_and_fetched_the_next_time(
    prefetch: Prefetch, upstream: UpstreamServer
) -> None:
    publish(upstream.add_file)
    upstream.behave("/packages/speed/", Corrupt(10))
    upstream.behave("/simple/words/", Status(503))

    report = await prefetch(lock("uv.lock"), name="uv.lock")

    reasons = {outcome.filename: outcome.reason for outcome in report.of("failed")}
    assert set(reasons) == {SPEED, "words-1.0-py3-none-any.whl"}
    assert "other bytes" in reasons[SPEED] or "sha256" in reasons[SPEED]
    assert "503" in reasons["words-1.0-py3-none-any.whl"]
    upstream.clear_behaviours()
    again = states(await prefetch(lock("uv.lock"), name="uv.lock"))
    assert {name for name, state in again.items() if state == "fetched"} == set(reasons)
    assert set(again.values()) == {"here", "fetched"}


async def test_a_project_that_nobody_has_is_told(prefetch: Prefetch, upstream: UpstreamServer) -> None:
    publish(upstream.add_file)
    del upstream.projects["tester"]

    outcome = failed(await prefetch(lock("uv.lock"), name="uv.lock"))

    assert (outcome.filename, outcome.reason) == ("tester-5.0-py3-none-any.whl", "no index has a project named tester")


async def test_a_dry_run_fetches_pages_only(prefetch: Prefetch, upstream: UpstreamServer) -> None:
    publish(upstream.add_file)

    report = await prefetch(lock("uv.lock"), name="uv.lock", asked={"dry_run": True})

    assert states(report) == dict.fromkeys(NEEDED, "wanted")
    assert upstream.count("/packages/") == 0


async def test_the_metadata_of_all_wheels_comes_where_it_is_wanted(
    prefetch: Prefetch, upstream: UpstreamServer
) -> None:
    publish(upstream.add_file)

    report = await prefetch(lock("uv.lock"), name="uv.lock", asked={"metadata": True})

    others = {f"speed-1.2-{tags}.whl.metadata" for tags in SPEED_TAGS} - {f"{SPEED}.metadata"}
    assert states(report) == dict.fromkeys(NEEDED | others, "fetched")
    again = await prefetch(lock("uv.lock"), name="uv.lock", asked={"metadata": True})
    assert states(again) == dict.fromkeys(NEEDED | others, "here")


async def test_a_lock_for_other_machines_is_refused(prefetch: Prefetch, upstream: UpstreamServer) -> None:
    publish(upstream.add_file)
    text = "environments = [\"sys_platform == 'win32'\"]\n" + lock("pylock.toml")

    with pytest.raises(ConfigurationError) as caught:
        await prefetch(text, name="pylock.toml")

    assert str(caught.value).endswith(
        "pylock.toml: it is locked for other machines than CPython 3.12 on manylinux_2_28_x86_64: "
        'sys_platform == "win32" (say with --platform for which machines files are wanted)'
    )
    assert upstream.requests == []
    assert (await prefetch(text, name="pylock.toml", platforms=("win_amd64",))).of("failed") == []


async def test_two_locks_are_held_against_the_index_each(prefetch: Prefetch, upstream: UpstreamServer) -> None:
    """Also where the index lists no hash, so that one transfer has to do for both."""
    publish(upstream.add_file)
    filename, content = oldtimer()
    upstream.add_file("oldtimer", filename, content, sha256=False)
    right = lock("uv.lock")
    wrong = right.replace(hashlib.sha256(content).hexdigest(), "0" * 64)

    report = await prefetch(right, name="uv.lock", more={"other.lock": wrong})

    assert failed(report).filename == filename
    assert {outcome.filename for outcome in report.of("fetched")} == NEEDED
    assert upstream.count("/packages/oldtimer/") == 1


@pytest.mark.parametrize("no_ranges", [False, True])
async def test_metadata_that_the_upstream_does_not_offer_is_read_out_of_the_ends_of_wheels(
    prefetch: Prefetch, upstream: UpstreamServer, no_ranges: bool
) -> None:
    """Where it does not send ends of files, that is told: nobody wants whole wheels of other platforms for it."""
    for project, filename, content, _ in files():
        upstream.add_file(project, filename, content)
    upstream.no_ranges = no_ranges
    others = {f"speed-1.2-{tags}.whl.metadata" for tags in SPEED_TAGS} - {f"{SPEED}.metadata"}

    report = await prefetch(lock("uv.lock"), name="uv.lock", asked={"metadata": True})

    assert states(report) == dict.fromkeys(NEEDED, "fetched") | dict.fromkeys(
        others, "failed" if no_ranges else "fetched"
    )
    if no_ranges:
        assert {outcome.reason.partition(" (")[0] for outcome in report.of("failed")} == {
            "it would take the whole wheel"
        }
    else:
        again = await prefetch(lock("uv.lock"), name="uv.lock", asked={"metadata": True})
        assert set(states(again).values()) == {"here"}
