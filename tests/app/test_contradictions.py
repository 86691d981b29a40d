"""Settings that do not work together are told of, each with its values and what to do; those that do are not."""

from __future__ import annotations

import os
import resource
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from pyproxy.app.contradictions import contradictions
from pyproxy.app.warnings import settings_warnings
from pyproxy.config.model import CacheConfig, Config, ServerConfig, StorageConfig
from pyproxy.settings import UpstreamSettings

FRONT = (ip_network("127.0.0.1/32"),)


def said_of(
    tmp_path: Path, server: ServerConfig | None = None, upstream: UpstreamSettings | None = None, **settings: object
) -> list[str]:
    storage = StorageConfig(
        directory=tmp_path,
        **{name: settings.pop(name) for name in ("max_size", "min_free") if name in settings},  # type: ignore[arg-type]
    )
    cache = CacheConfig(**settings)  # type: ignore[arg-type]
    config = Config(server=server or ServerConfig(), storage=storage, cache=cache)
    return list(contradictions(config, [upstream] if upstream is not None else []))


def test_of_the_defaults_nothing_is_said(tmp_path: Path) -> None:
    config = Config(storage=StorageConfig(directory=tmp_path, min_free=0))
    assert list(settings_warnings(config, config.upstreams)) == []


def test_a_look_up_longer_than_clients_wait(tmp_path: Path) -> None:
    (said,) = said_of(tmp_path, lookup_timeout=15.0)
    assert "cache.lookup_timeout is 15s, but pip waits 15 s" in said
    assert said_of(tmp_path, lookup_timeout=14.0) == []


def test_a_connection_that_may_take_longer_than_its_look_up(tmp_path: Path) -> None:
    slow = UpstreamSettings(name="far", url="https://a.example/", connect_timeout_ms=10_001)
    (said,) = said_of(tmp_path, upstream=slow)
    assert said.startswith("upstream far: connect_timeout_ms is 10001, but a page is looked up within cache.")
    assert said_of(tmp_path, upstream=replace(slow, connect_timeout_ms=10_000)) == []
    assert said_of(tmp_path, upstream=replace(slow, active=False)) == []


@pytest.mark.parametrize(("seconds", "told"), [(60.0, 1), (300.0, 1), (301.0, 0), (0.0, 0)])
def test_pages_that_may_not_be_older_than_they_are_fresh(seconds: float, told: int, tmp_path: Path) -> None:
    """With 0 somebody wants just that."""
    said = said_of(tmp_path, serve_stale_for=seconds)
    assert len(said) == told
    assert all("no longer than cache.index_ttl (5m)" in each for each in said)


def test_less_room_than_a_file_that_is_fetched_for_a_range(tmp_path: Path) -> None:
    (said,) = said_of(tmp_path, max_size=10**6)
    assert said.startswith("storage.max_size is 1MB, less than cache.whole_file_below (16MB)")
    assert said_of(tmp_path, max_size=16 * 10**6, min_free=0) == []


def test_more_room_than_the_disk_has(tmp_path: Path) -> None:
    disk = os.statvfs(tmp_path)
    size = disk.f_blocks * disk.f_frsize
    (said,) = said_of(tmp_path / "not" / "there", max_size=size, min_free=1)
    assert f"the whole disk of {tmp_path / 'not' / 'there'} has {size / 10**6:,.0f} MB" in said
    assert "1B stay free (storage.min_free)" in said
    assert said_of(tmp_path, max_size=size, min_free=0) == []
    assert said_of(tmp_path, max_size=size, min_free=size + 1) == [], "room_warning has said more"


def test_more_transfers_than_open_files_suffice_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    (said,) = said_of(tmp_path, connections_per_upstream=193)
    assert "cache.connections_per_upstream is 193, but the open files of a process suffice for 192: set less" in said
    assert said_of(tmp_path, connections_per_upstream=192) == []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (128, 128))
    assert said_of(tmp_path) == [], "nobody has set it"


def test_connections_that_end_before_the_front_lets_go_of_them(tmp_path: Path) -> None:
    (said,) = said_of(tmp_path, ServerConfig(trusted_proxies=FRONT, idle_timeout=59.0))
    assert said.startswith("server.idle_timeout is 59s, but a front (server.trusted_proxies)")
    assert said_of(tmp_path, ServerConfig(trusted_proxies=FRONT, idle_timeout=60.0)) == []
    assert said_of(tmp_path, ServerConfig(idle_timeout=1.0)) == []
