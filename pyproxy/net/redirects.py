"""Which redirects are followed.

A file may lead anywhere within the limits of ``reach``. A project page may not leave its host unless the new one is
in ``redirect_hosts``: some indexes redirect unknown names to a public index, which would then answer for private
names. Nothing leads from https to http, unless the caller knows the hash of what it gets.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from pyproxy.errors import UpstreamForbidden, UpstreamInvalidResponse
from pyproxy.net.addresses import Origin, origin_of, resolve

MAX_REDIRECTS = 10

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""RFC 9110 section 15.4; 300 and 304 are no redirects."""

Kind = Literal["page", "file"]


@dataclass(frozen=True, slots=True)
class RedirectRules:
    """The rules for one request to one upstream. ``hosts`` holds ``host`` (any port) and ``host:port``."""

    upstream: str
    kind: Kind
    hosts: Collection[str] = ()
    allow_http_downgrade: bool = False

    def follow(self, visited: list[str], location: str) -> str:
        """The next URL, after those in ``visited``.

        Raises UpstreamForbidden for a redirect that is not followed, UpstreamInvalidResponse for one that cannot be.
        """
        try:
            target = resolve(visited[-1], location)
            new = origin_of(target)
        except ValueError as error:
            raise UpstreamForbidden(self.upstream, f"redirects to an address that is not followed: {error}") from error
        if target in visited:
            raise UpstreamInvalidResponse(self.upstream, f"redirects in a circle ({urlsplit(target).path})")
        if len(visited) > MAX_REDIRECTS:
            raise UpstreamInvalidResponse(self.upstream, f"redirects more than {MAX_REDIRECTS} times, a fixed limit")
        self.check_scheme(origin_of(visited[-1])[0], new)
        if self.kind == "page" and not self._stays(origin_of(visited[0]), new):
            raise UpstreamForbidden(
                self.upstream, f"redirects the page to {_shown(new)}, which is not in its redirect_hosts", "host"
            )
        return target

    def check_scheme(self, before: str, new: Origin) -> None:
        """Raises UpstreamForbidden for the step from https down to http."""
        if before == "https" and new[0] == "http" and not self.allow_http_downgrade:
            raise UpstreamForbidden(self.upstream, f"leads from https down to http at {_shown(new)}", "scheme")

    def _stays(self, first: Origin, new: Origin) -> bool:
        if first[1:] == new[1:]:
            return True
        if first[1] == new[1] and (first[0], first[2], new[0], new[2]) == ("http", 80, "https", 443):
            return True
        host = f"[{new[1]}]" if ":" in new[1] else new[1]
        return host in self.hosts or f"{host}:{new[2]}" in self.hosts


def _shown(origin: Origin) -> str:
    return f"{origin[1]}:{origin[2]}"
