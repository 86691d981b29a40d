"""The storage over the API: looked at, pruned, verified."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from pyproxy.admin.cache.statistics import statistics
from tests.distributions import make_wheel
from tests.http.administration import database_of
from tests.http.api.client import Script, errors_of, script
from tests.http.calls import idle
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock, Proxy
from tests.upstream_server import UpstreamServer
from tests.waiting import eventually

DAY = 86400


async def with_files(start_proxy: StartProxy, upstream: UpstreamServer, clock: Clock) -> Proxy:
    """A proxy that fetched demo 1.0, and demo 2.0 ten days later, which is now."""
    for version in ("1.0", "2.0"):
        upstream.add_file("demo", *make_wheel("demo", version, size=1000)[:2])
    proxy = await start_proxy(upstream)
    for version in ("1.0", "2.0"):
        clock.advance(10 * DAY)
        assert (await proxy.file("demo", make_wheel("demo", version)[0])).status == 200
    await idle(proxy)
    await proxy.server.resources.files.flush_uses()
    return proxy


async def ended(api: Script, path: str) -> Any:
    """The job once it is under way no more."""

    async def is_over() -> bool:
        return (await api.get(path)).json()["outcome"] is not None

    await eventually(is_over)
    return (await api.get(path)).json()


async def test_it_tells_what_the_command_tells_and_what_was_not_used(
    start_proxy: StartProxy, upstream: UpstreamServer, clock: Clock
) -> None:
    proxy = await with_files(start_proxy, upstream, clock)
    told = (await script(proxy, "viewer").get("/storage")).json()
    with database_of(proxy) as database:
        found = statistics(database, proxy.config.storage.directory, max_size=None, min_free=0)
    expected = json.loads(json.dumps(asdict(found)))
    assert told["upstreams"] == expected["upstreams"]
    changing = {"least_recent_use", "latest_use", "database_bytes", "database_free_bytes"}
    for key, value in expected["totals"].items():
        assert key in told["totals"]
        if key not in changing:
            assert told["totals"][key] == value
    assert told["totals"]["latest_use"] == "2027-02-04T08:00:00Z"
    assert told.keys() >= expected.keys()
    assert {each["days"]: each["amount"]["files"] for each in told["idle"]}[7] == 1
    assert [each["project"] for each in told["largest"]] == ["demo"]


async def test_a_dry_run_tells_what_would_go_and_removes_nothing(
    start_proxy: StartProxy, upstream: UpstreamServer, clock: Clock
) -> None:
    proxy = await with_files(start_proxy, upstream, clock)
    api = script(proxy)
    answer = await api.post("/storage/prune", {"unused_for": "5d", "dry_run": True})
    plan = answer.json()
    assert (answer.status, plan["begun"], plan["unused"]["files"], plan["kept"]["files"]) == (200, False, 1, 1)
    assert [each["filename"] for each in plan["first"]] == [make_wheel("demo", "1.0")[0]]
    assert len(proxy.kept()) == 2
    assert (await api.get("/storage/prune")).status == 404
    assert await api.items("/audit") == []


@pytest.mark.parametrize(
    "wish", [{"unused_for": "5d"}, {"unused_for": 5 * DAY}, {"max_size": "3kB"}, {"max_size": 3000}]
)
async def test_what_is_too_old_or_too_much_goes(
    start_proxy: StartProxy, upstream: UpstreamServer, clock: Clock, wish: dict[str, object]
) -> None:
    proxy = await with_files(start_proxy, upstream, clock)
    api = script(proxy)
    answer = await api.post("/storage/prune", wish)
    assert (answer.status, answer.json()["begun"]) == (200, True)
    prune = await ended(api, "/storage/prune")
    assert (prune["outcome"], prune["files"], prune["total_files"]) == ("done", 1, 1)
    assert len(proxy.kept()) == 1
    (entry,) = await api.items("/audit?subject=storage")
    assert (entry["action"], entry["changes"][0]["field"]) == ("began to prune", next(iter(wish)))


async def test_without_limits_no_file_goes(start_proxy: StartProxy, upstream: UpstreamServer, clock: Clock) -> None:
    proxy = await with_files(start_proxy, upstream, clock)
    api = script(proxy)
    assert (await api.post("/storage/prune")).status == 200
    await ended(api, "/storage/prune")
    assert len(proxy.kept()) == 2


@pytest.mark.parametrize(
    ("wish", "wrong"),
    [
        ({"max_size": "much"}, {"max_size"}),
        ({"max_size": -1, "unused_for": "long"}, {"max_size", "unused_for"}),
        ({"unused_for": -1}, {"unused_for"}),
        ({"max_size": "50XB"}, {"max_size"}),
        ({"dry_run": "yes"}, {"dry_run"}),
        ({"dryrun": True}, {"dryrun"}),
    ],
)
async def test_a_wrong_wish_is_refused(start_proxy: StartProxy, wish: dict[str, object], wrong: set[str]) -> None:
    api = script(await start_proxy())
    answer = await api.post("/storage/prune", wish)
    assert (answer.status, errors_of(answer).keys()) == (422, wrong)
    assert (await api.get("/storage/prune")).status == 404


async def test_damage_is_found_and_told(start_proxy: StartProxy, upstream: UpstreamServer, clock: Clock) -> None:
    proxy = await with_files(start_proxy, upstream, clock)
    damaged = proxy.kept()[0]
    (path,) = proxy.files_directory.rglob(damaged)
    path.chmod(0o600)
    path.write_bytes(b"x" * path.stat().st_size)
    api = script(proxy)

    begun = await api.post("/storage/verify", {"go_on": False})
    assert begun.status == 202
    verification = await ended(api, "/storage/verify")
    assert (verification["outcome"], verification["files"], verification["damaged"]) == ("done", 2, 1)
    assert [each["sha256"] for each in verification["findings"]] == [damaged]
    assert [each["action"] for each in await api.items("/audit")] == ["began to verify"]


async def test_only_one_verification_is_under_way_and_it_can_be_stopped(
    start_proxy: StartProxy, upstream: UpstreamServer, clock: Clock
) -> None:
    proxy = await with_files(start_proxy, upstream, clock)
    api = script(proxy)
    with database_of(proxy) as database:  # by another process
        values = {"holder": proxy.server.resources.files.workspace.name, "now": clock.now}
        database.write_now(lambda connection: connection.execute(_UNDER_WAY, values))
    second = await api.post("/storage/verify")
    assert (second.status, second.json()["title"]) == (409, "One is under way already")
    assert (await api.get("/storage/verify")).json()["outcome"] is None
    assert (await api.delete("/storage/verify")).status == 204
    assert (await api.get("/storage/verify")).json()["stop_wanted"] is True
    assert (await api.delete("/storage/prune")).status == 404


async def test_where_there_was_none_there_is_nothing_to_see_or_stop(start_proxy: StartProxy) -> None:
    api = script(await start_proxy())
    for path in ("/storage/verify", "/storage/prune"):
        assert (await api.get(path)).status == 404
        assert (await api.delete(path)).status == 404
    assert await api.items("/audit") == []


async def test_a_viewer_looks_and_removes_nothing(
    start_proxy: StartProxy, upstream: UpstreamServer, clock: Clock
) -> None:
    proxy = await with_files(start_proxy, upstream, clock)
    viewer = script(proxy, "viewer")
    for answer in (
        await viewer.post("/storage/prune", {"unused_for": "1d"}),
        await viewer.delete("/storage/prune"),
        await viewer.post("/storage/verify"),
        await viewer.delete("/storage/verify"),
    ):
        assert answer.status == 403
    assert len(proxy.kept()) == 2


_UNDER_WAY = """
    INSERT INTO jobs (
        kind, wanted, holder, began_at, told_at, total_files, total_bytes, files, bytes, damaged, position, report
    ) VALUES ('verify', '', :holder, :now, :now, 2, 100, 1, 50, 0, '', '[]')
"""
