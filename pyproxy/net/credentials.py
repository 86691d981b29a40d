"""Which credentials go to which URL: to the upstream's own origin, and to ``credential_hosts``.

Asked anew at every hop of a chain of redirects; nothing is inherited from the hop before. A client certificate is a
credential like the others: hosts that do not get the password do not get to see it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from pyproxy.net.addresses import Origin, origin_of
from pyproxy.settings import UpstreamSettings


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one upstream's owner gave us, and where it may go."""

    origins: frozenset[Origin]
    authorization: str | None = field(repr=False)
    client_certificate: str | None = None
    client_key: str | None = None

    @classmethod
    def of(cls, settings: UpstreamSettings) -> Credentials:
        """From the settings; a token counts more than a user name."""
        return cls(
            origins=frozenset({origin_of(settings.url), *map(origin_of, settings.credential_hosts)}),
            authorization=_authorization(settings),
            client_certificate=settings.client_certificate,
            client_key=settings.client_key,
        )

    def belong_to(self, url: str) -> bool:
        """Whether the URL's scheme, host and port may see them."""
        return origin_of(url) in self.origins

    def headers(self, url: str) -> dict[str, str]:
        """The headers for a request of this URL; empty where they do not belong."""
        if self.authorization is None or not self.belong_to(url):
            return {}
        return {"Authorization": self.authorization}


def _authorization(settings: UpstreamSettings) -> str | None:
    if settings.token:
        return f"Bearer {settings.token}"  # RFC 6750 section 2.1
    if settings.username is None:
        return None
    pair = f"{settings.username}:{settings.password or ''}".encode()  # RFC 7617 section 2.1: UTF-8
    return "Basic " + base64.b64encode(pair).decode("ascii")
