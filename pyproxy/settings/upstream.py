"""The settings of one remote index, as an immutable value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from pyproxy.settings.addresses import DEFAULT_PORTS

OnFailure = Literal["next", "stop"]

_INDEX_SEGMENTS = frozenset({"simple", "+simple"})


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamSettings:
    """One remote index. Durations are seconds unless the name says otherwise; secrets stay out of ``repr``.

    Nothing is checked here: what people wrote goes through ``pyproxy.settings.reading``, and rows that were
    checked once may be rebuilt at any time, also when a PEM file has gone meanwhile.
    """

    name: str
    url: str
    index_path: str = "simple"
    active: bool = True
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    credential_hosts: tuple[str, ...] = ()
    verify_ssl: bool = True
    ca_bundle: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    connect_timeout_ms: int = 5000
    stall_timeout_ms: int = 30000
    http_proxy: str | None = field(default=None, repr=False)
    index_ttl: float | None = None
    missing_ttl: float | None = None
    on_failure: OnFailure = "next"
    redirect_hosts: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    excluded_projects: tuple[str, ...] = ()

    @property
    def index_url(self) -> str:
        """The URL below which project pages lie, ending in ``/``.

        ``url`` may be a base URL, to which ``index_path`` is appended, or the index URL itself: then its last
        segment is ``simple``, ``+simple`` or that of ``index_path``, or ``index_path`` is empty.
        """
        base = self.url.rstrip("/")
        index_path = self.index_path.strip("/")
        last = urlsplit(base).path.rpartition("/")[2]
        if not index_path or last in _INDEX_SEGMENTS or last == index_path.rpartition("/")[2]:
            return base + "/"
        return f"{base}/{index_path}/"

    @property
    def json_url(self) -> str | None:
        """The URL below which documents of the legacy JSON API would lie, ending in ``/``: beside the index.

        ``None`` for an index that does not end in ``simple/`` or ``+simple/``: it has no place beside it.
        """
        index = self.index_url.rstrip("/")
        last = urlsplit(index).path.rpartition("/")[2]
        return f"{index.removesuffix(last)}pypi/" if last in _INDEX_SEGMENTS else None

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host (lower case) and port: what the credentials belong to."""
        parts = urlsplit(self.url)
        return parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
