"""What an administrator should know at the start: settings that are allowed but dangerous."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterator, Sequence

from pyproxy.app.contradictions import contradictions
from pyproxy.app.limits import connections_warning, room_warning
from pyproxy.config.model import Config
from pyproxy.settings import UpstreamSettings, warnings
from pyproxy.storage.upstreams import StoredUpstream

log = logging.getLogger(__name__)


def warn(stored: Sequence[StoredUpstream], config: Config) -> None:
    """Log the upstreams in order, each with its warnings, who may read what they give, and what can never be kept."""
    for upstream in stored:
        switched = "" if upstream.settings.active else " (off)"
        log.info(
            "upstream %d: %s%s %s", upstream.priority, upstream.settings.name, switched, upstream.settings.index_url
        )
        for warning in warnings(upstream.settings):
            log.warning("upstream %s: %s", upstream.settings.name, warning)
    if reads_for_everybody(stored, config):
        log.warning(
            "everybody who reaches this server can read what its upstreams' credentials give access to: set "
            "access.anonymous_read to false, or let it listen on loopback only (server.host)"
        )
    if config.server.accel_redirect is not None and not config.server.trusted_proxies:
        log.warning("server.accel_redirect is without effect: server.trusted_proxies does not name nginx")
    for said in settings_warnings(config, [each.settings for each in stored]):
        log.warning("%s", said)
    if not stored:
        log.warning("there is no upstream: only local and cached packages are served")


def settings_warnings(config: Config, upstreams: Sequence[UpstreamSettings]) -> Iterator[str]:
    """What cannot be as it is set: on this machine, or beside other settings."""
    for said in (room_warning(config.storage), connections_warning(config.server.max_connections)):
        if said is not None:
            yield said
    yield from contradictions(config, upstreams)


def reads_for_everybody(stored: Sequence[StoredUpstream], config: Config) -> bool:
    """Whether strangers on the network may read what only our credentials open."""
    if not config.access.anonymous_read or _is_loopback(config.server.host):
        return False
    return any(upstream.settings.active and _has_credentials(upstream.settings) for upstream in stored)


def _has_credentials(settings: UpstreamSettings) -> bool:
    return any((settings.username, settings.token, settings.client_certificate))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
