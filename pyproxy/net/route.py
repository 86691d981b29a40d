"""How a connection of an upstream is made: through which proxy, trusting whom, showing which certificate.

One value for every connection, so that what ``upstream test`` tries is what the server does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pycurl

from pyproxy.net.certificates import Authorities
from pyproxy.net.credentials import Credentials
from pyproxy.net.outbound_proxy import OutboundProxy, proxy_for
from pyproxy.settings import UpstreamSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The way to one URL. ``proxy`` is ``None`` for the direct way; the two paths are PEM files."""

    proxy: OutboundProxy | None
    authorities: Authorities
    client_certificate: str | None
    client_key: str | None

    @classmethod
    def of(cls, url: str, settings: UpstreamSettings, environ: Mapping[str, str]) -> Route:
        """From the upstream's settings and the environment; our certificate is for those who get the credentials."""
        certified = Credentials.of(settings).belong_to(url)
        return cls(
            proxy=proxy_for(url, settings.http_proxy, environ),
            authorities=Authorities.of(settings, environ),
            client_certificate=settings.client_certificate if certified else None,
            client_key=settings.client_key if certified else None,
        )

    def configure(self, curl: pycurl.Curl) -> None:
        """Set it on a handle. All of it, each time: handles are reset between requests."""
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
        # Set even when empty: otherwise curl looks into the process's environment by itself.
        curl.setopt(pycurl.PROXY, self.proxy.url if self.proxy else "")
        curl.setopt(pycurl.NOPROXY, "")
        if self.proxy and self.proxy.userinfo is not None:
            curl.setopt(pycurl.PROXYUSERPWD, self.proxy.userinfo.encode())
            curl.setopt(pycurl.PROXYAUTH, pycurl.HTTPAUTH_BASIC)
        directory = self.authorities.is_directory
        curl.setopt(pycurl.CAPATH if directory else pycurl.CAINFO, self.authorities.path)
        curl.setopt(pycurl.PROXY_CAPATH if directory else pycurl.PROXY_CAINFO, self.authorities.path)
        curl.setopt(pycurl.SSL_VERIFYPEER, int(self.authorities.verify))
        curl.setopt(pycurl.SSL_VERIFYHOST, 2 if self.authorities.verify else 0)
        if self.client_certificate is not None:
            curl.setopt(pycurl.SSLCERT, self.client_certificate)
            # Without a file of its own the key stands in the certificate's.
            curl.setopt(pycurl.SSLKEY, self.client_key or self.client_certificate)
