"""The configuration as immutable values with all defaults.

Sizes are bytes, durations seconds. ``pyproxy.yaml`` at the top of the project documents each key for people.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pyproxy.settings import UpstreamSettings

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["text", "json"]
ProjectListSource = Literal["known", "upstream"]

DEFAULT_UPSTREAM = UpstreamSettings(name="pypi", url="https://pypi.org/")
"""What is asked when nobody configures an upstream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsConfig:
    """PEM files with which the server itself speaks TLS; both or none."""

    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Where the server listens, and what clients may take of it.

    ``workers`` 0 is one per core, ``port`` 0 a free one. Without ``max_connections`` as many may come as descriptors
    suffice for; they are counted in each worker. Times are seconds, sizes bytes.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    public_url: str | None = None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    accel_redirect: str | None = None
    max_connections: int | None = None
    idle_timeout: float = 300.0
    max_header_size: int = 256 * 1024
    max_body_size: int = 1024 * 1024
    tls: TlsConfig = field(default_factory=TlsConfig)

    @property
    def processes(self) -> int:
        """How many workers these are on this machine."""
        return self.workers or os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageConfig:
    """Where database and cached files lie, and how much room they may take (bytes)."""

    directory: Path = Path("data")
    max_size: int | None = None
    min_free: int = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalConfig:
    """The folder of files that are served before any upstream."""

    directory: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheConfig:
    """How long answers of upstreams are used (seconds), and how large they may be (bytes)."""

    index_ttl: float = 300.0
    missing_ttl: float = 60.0
    serve_stale_for: float = 30 * 86400.0
    lookup_timeout: float = 10.0
    max_page_size: int = 128 * 10**6
    whole_file_below: int = 16 * 10**6
    connections_per_upstream: int = 128
    extract_metadata: bool = True
    look_ahead: bool = True
    offline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessConfig:
    """Who may read packages."""

    anonymous_read: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggingConfig:
    """What is logged, and how."""

    level: LogLevel = "info"
    format: LogFormat = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that may stand in ``pyproxy.yaml``.

    ``upstreams`` only seed the database: a name is put there the first time it is seen. ``priorities`` maps the
    names of those upstreams for which a priority was given; the others come last, in their order.
    """

    server: ServerConfig = field(default_factory=ServerConfig)
    storage: StorageConfig = field(default_factory=StorageConfig)
    local: LocalConfig = field(default_factory=LocalConfig)
    cache: CacheConfig = field(default_factory=CacheConfig)
    access: AccessConfig = field(default_factory=AccessConfig)
    project_list: ProjectListSource = "known"
    logging: LoggingConfig = field(default_factory=LoggingConfig)
    upstreams: tuple[UpstreamSettings, ...] = (DEFAULT_UPSTREAM,)
    priorities: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def seeds(self) -> tuple[tuple[UpstreamSettings, int | None], ...]:
        """The upstreams with their priority (``None``: last), as ``UpstreamStore.seed`` takes them."""
        return tuple((upstream, self.priorities.get(upstream.name)) for upstream in self.upstreams)
