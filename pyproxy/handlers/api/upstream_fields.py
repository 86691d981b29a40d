"""An upstream's fields as JSON: as they are answered, and as they may be sent.

``pyproxy.settings`` has the fields themselves and checks their values; what stands here says how they look, in the
words that stand there. A test holds the classes to it.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from pyproxy.handlers.api.quantities import Duration
from pyproxy.settings import FIELDS
from pyproxy.settings.masking import MASK
from pyproxy.settings.reading import HIGHEST_PRIORITY, LONGEST_TIMEOUT_MS

_MEANINGS = {field.name: field.meaning for field in FIELDS}


def _about(name: str) -> Meta:
    return Meta(description=_MEANINGS[name])


Name = Annotated[str, Meta(pattern="^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$", examples=["private"])]
Url = Annotated[str, Meta(pattern="^https?://.", max_length=2000, examples=["https://pypi.mycompany.example/"])]
Secret = Annotated[str, Meta(max_length=4000)]
Text = Annotated[str, Meta(max_length=2000)]
Texts = Annotated[list[Text], Meta(max_length=1000)]
Milliseconds = Annotated[int, Meta(ge=1, le=LONGEST_TIMEOUT_MS)]
Priority = Annotated[int, Meta(ge=1, le=HIGHEST_PRIORITY)]
OnFailure = Literal["next", "stop"]


class SentUpstream(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The fields that may be sent: what is left out stays, or is as by default; null clears."""

    url: Annotated[Url | UnsetType, _about("url")] = UNSET
    index_path: Annotated[Text | UnsetType, _about("index_path")] = UNSET
    priority: Annotated[Priority | UnsetType | None, _about("priority")] = UNSET
    active: Annotated[bool | UnsetType, _about("active")] = UNSET
    username: Annotated[Secret | UnsetType | None, _about("username")] = UNSET
    password: Annotated[Secret | UnsetType | None, _about("password")] = UNSET
    token: Annotated[Secret | UnsetType | None, _about("token")] = UNSET
    credential_hosts: Annotated[Texts | UnsetType, _about("credential_hosts")] = UNSET
    verify_ssl: Annotated[bool | UnsetType, _about("verify_ssl")] = UNSET
    ca_bundle: Annotated[Text | UnsetType | None, _about("ca_bundle")] = UNSET
    client_certificate: Annotated[Text | UnsetType | None, _about("client_certificate")] = UNSET
    client_key: Annotated[Text | UnsetType | None, _about("client_key")] = UNSET
    connect_timeout_ms: Annotated[Milliseconds | UnsetType, _about("connect_timeout_ms")] = UNSET
    stall_timeout_ms: Annotated[Milliseconds | UnsetType, _about("stall_timeout_ms")] = UNSET
    http_proxy: Annotated[Text | UnsetType | None, _about("http_proxy")] = UNSET
    index_ttl: Annotated[Duration | UnsetType | None, _about("index_ttl")] = UNSET
    missing_ttl: Annotated[Duration | UnsetType | None, _about("missing_ttl")] = UNSET
    on_failure: Annotated[OnFailure | UnsetType, _about("on_failure")] = UNSET
    redirect_hosts: Annotated[Texts | UnsetType, _about("redirect_hosts")] = UNSET
    projects: Annotated[Texts | UnsetType, _about("projects")] = UNSET
    excluded_projects: Annotated[Texts | UnsetType, _about("excluded_projects")] = UNSET

    def values(self) -> dict[str, object]:
        """What was sent, by field."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}


class UpstreamChange(SentUpstream, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What is to be changed; the rest stays. `***` leaves a secret as it is."""


class NewUpstream(SentUpstream, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An upstream to be added; what is left out is as by default."""

    name: Annotated[Name, _about("name")]
    url: Annotated[Url, _about("url")]


class Upstream(msgspec.Struct, kw_only=True, frozen=True):
    """An upstream as it is stored."""

    name: Annotated[str, _about("name")]
    priority: Annotated[int, _about("priority")]
    url: Annotated[str, _about("url")]
    index_path: Annotated[str, _about("index_path")]
    index_url: Annotated[str, Meta(description="below which its project pages lie")]
    active: Annotated[bool, _about("active")]
    username: Annotated[str | None, _about("username")]
    password: Annotated[str | None, Meta(description=f"{MASK} where there is one")]
    token: Annotated[str | None, Meta(description=f"{MASK} where there is one")]
    credential_hosts: Annotated[list[str], _about("credential_hosts")]
    verify_ssl: Annotated[bool, _about("verify_ssl")]
    ca_bundle: Annotated[str | None, _about("ca_bundle")]
    client_certificate: Annotated[str | None, _about("client_certificate")]
    client_key: Annotated[str | None, _about("client_key")]
    connect_timeout_ms: Annotated[int, _about("connect_timeout_ms")]
    stall_timeout_ms: Annotated[int, _about("stall_timeout_ms")]
    http_proxy: Annotated[str | None, Meta(description=f"outbound proxy URL, {MASK} for its user name and password")]
    index_ttl: Annotated[float | None, Meta(description="seconds; null for cache.index_ttl")]
    missing_ttl: Annotated[float | None, Meta(description="seconds; null for cache.missing_ttl")]
    on_failure: Annotated[OnFailure, _about("on_failure")]
    redirect_hosts: Annotated[list[str], _about("redirect_hosts")]
    projects: Annotated[list[str], _about("projects")]
    excluded_projects: Annotated[list[str], _about("excluded_projects")]
    warnings: Annotated[list[str], Meta(description="sentences about settings that are allowed but dangerous")]
