"""How settings are shown: every field, no secret."""

from __future__ import annotations

from dataclasses import asdict, replace
from urllib.parse import urlsplit, urlunsplit

from pyproxy.settings.upstream import UpstreamSettings

MASK = "***"


def masked(settings: UpstreamSettings) -> dict[str, object]:
    """All fields by name, in the order of the class; given secrets read ``***``, a proxy keeps its host."""
    fields: dict[str, object] = asdict(settings)
    for key in ("password", "token"):
        if fields[key] is not None:
            fields[key] = MASK
    if settings.http_proxy is not None:
        fields["http_proxy"] = masked_url(settings.http_proxy)
    return fields


def veiled(settings: UpstreamSettings) -> UpstreamSettings:
    """The same settings with ``***`` for each secret; a proxy keeps its host."""
    shown = masked(settings)
    return replace(settings, **{key: shown[key] for key in ("password", "token", "http_proxy")})  # type: ignore[arg-type]


def masked_url(url: str) -> str:
    """The URL with ``***`` in place of a user name and password, if it holds any."""
    parts = urlsplit(url)
    _, at, host = parts.netloc.rpartition("@")
    if not at:
        return url
    return urlunsplit((parts.scheme, f"{MASK}@{host}", parts.path, parts.query, parts.fragment))
