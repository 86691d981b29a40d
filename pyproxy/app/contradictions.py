"""Settings that are right each for itself, and do not work together: what somebody wants to know at the start.

None of it ends the start, for everything is served all the same. Few are looked for: those that nobody would notice
before the day on which they count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyproxy.app.limits import MORE_FILES, disk_size, possible_transfers
from pyproxy.config.model import CacheConfig, Config, ServerConfig, StorageConfig
from pyproxy.settings import UpstreamSettings
from pyproxy.settings.quantities import format_duration, format_size

SILENCE_SECONDS = 15.0
"""After so long without a byte, pip gives up."""

FRONT_SECONDS = 60.0
"""So long nginx keeps its connections to a server behind it, unless it is told otherwise."""


def contradictions(config: Config, upstreams: Iterable[UpstreamSettings]) -> Iterator[str]:
    """A sentence for each."""
    yield from _of_pages(config.cache, upstreams)
    yield from _of_files(config.cache, config.storage)
    yield from _of_connections(config.server, config.cache)


def _of_pages(cache: CacheConfig, upstreams: Iterable[UpstreamSettings]) -> Iterator[str]:
    lookup = format_duration(cache.lookup_timeout)
    if cache.lookup_timeout >= SILENCE_SECONDS:
        yield (
            f"cache.lookup_timeout is {lookup}, but pip waits {SILENCE_SECONDS:g} s for a page: it gives up before it "
            "is told what is wrong; set less"
        )
    for upstream in upstreams:
        if upstream.active and upstream.connect_timeout_ms > cache.lookup_timeout * 1000:
            yield (
                f"upstream {upstream.name}: connect_timeout_ms is {upstream.connect_timeout_ms}, but a page is looked "
                f"up within cache.lookup_timeout ({lookup}): set less here, or more there"
            )
    if 0 < cache.serve_stale_for <= cache.index_ttl:
        yield (
            f"cache.serve_stale_for is {format_duration(cache.serve_stale_for)}, no longer than cache.index_ttl "
            f"({format_duration(cache.index_ttl)}): while an upstream fails, no page of it that has expired is served"
        )


def _of_files(cache: CacheConfig, storage: StorageConfig) -> Iterator[str]:
    if storage.max_size is None:
        return
    room = format_size(storage.max_size)
    if storage.max_size < cache.whole_file_below:
        yield (
            f"storage.max_size is {room}, less than cache.whole_file_below ({format_size(cache.whole_file_below)}): "
            "larger files are fetched whole for a range of them, and never kept; set more"
        )
    directory = storage.directory.absolute()
    size = disk_size(directory)
    if size is not None and storage.min_free <= size < storage.max_size + storage.min_free:
        yield (
            f"storage.max_size is {room}, but the whole disk of {directory} has {size / 10**6:,.0f} MB, of which "
            f"{format_size(storage.min_free)} stay free (storage.min_free): the disk is full first, and then nothing "
            "new is kept, for it is storage.max_size that makes old files go; set less"
        )


def _of_connections(server: ServerConfig, cache: CacheConfig) -> Iterator[str]:
    possible = possible_transfers()
    if cache.connections_per_upstream > max(possible, CacheConfig().connections_per_upstream):
        yield (
            f"cache.connections_per_upstream is {cache.connections_per_upstream}, but the open files of a process "
            f"suffice for {possible}: set less, or {MORE_FILES}"
        )
    if server.trusted_proxies and server.idle_timeout < FRONT_SECONDS:
        yield (
            f"server.idle_timeout is {format_duration(server.idle_timeout)}, but a front (server.trusted_proxies) may "
            f"keep its connections for longer, nginx for {FRONT_SECONDS:g} s: a request on one that has just ended is "
            "a 502 there; set more"
        )
