"""Which outbound proxy a request goes through: the upstream's ``http_proxy``, or the environment's.

The environment is read as curl, pip and most programs do: ``http_proxy``, ``https_proxy`` and ``all_proxy`` in lower
or upper case, and ``no_proxy``, a list of hosts, domains (with or without a leading dot), ``host:port``, networks
in CIDR form and ``*``. An upstream's own ``http_proxy`` goes for all its hosts, whatever ``no_proxy`` says; ``none``
ignores the environment.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from pyproxy.settings.addresses import DEFAULT_PORTS


@dataclass(frozen=True, slots=True)
class OutboundProxy:
    """Where the proxy is, and ``user:password`` for it if it wants them."""

    url: str
    userinfo: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str) -> OutboundProxy:
        """From a URL with or without credentials; without a scheme it is an http proxy."""
        parts = urlsplit(text if "://" in text else f"http://{text}")
        userinfo, at, netloc = parts.netloc.rpartition("@")
        return cls(urlunsplit((parts.scheme, netloc, "", "", "")), unquote(userinfo) if at else None)


def proxy_for(url: str, setting: str | None, environ: Mapping[str, str]) -> OutboundProxy | None:
    """The proxy for a URL, ``None`` for the direct way. ``setting`` is the upstream's ``http_proxy``."""
    if setting is not None:
        return None if setting == "none" else OutboundProxy.parse(setting)
    parts = urlsplit(url)
    proxy = _variable(environ, f"{parts.scheme}_proxy") or _variable(environ, "all_proxy")
    port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    if not proxy or _exempt(parts.hostname or "", port, _variable(environ, "no_proxy") or ""):
        return None
    return OutboundProxy.parse(proxy)


def _variable(environ: Mapping[str, str], name: str) -> str | None:
    return environ.get(name) or environ.get(name.upper())


def _exempt(host: str, port: int, no_proxy: str) -> bool:
    return any(_matches(host, port, entry) for entry in no_proxy.lower().replace(",", " ").split())


def _matches(host: str, port: int, entry: str) -> bool:
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        pass
    try:
        parts = urlsplit(f"//{entry}")
        name, wanted = (parts.hostname or "").lstrip("."), parts.port
    except ValueError:
        return False
    if not name or wanted not in (None, port):
        return False
    return host == name or host.endswith(f".{name}")
