"""What reverse proxies say of a request (``X-Forwarded-*``): believed where they are trusted, ignored elsewhere."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[([0-9A-Fa-f:.]{2,45})\])(?::(\d{1,5}))?", re.ASCII)
_HIGHEST_PORT = 65535
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")


def client_of(remote: str, headers: Mapping[str, str], trusted: Sequence[Network]) -> str:
    """The client that sent a request with these headers; behind a trusted proxy the one that it forwards for."""
    return client_address(remote, headers.get("X-Forwarded-For", ""), trusted) if trusted else remote


def client_address(remote: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """The client behind ``remote``, read from the right of ``X-Forwarded-For`` as far as the hops are trusted.

    What stands left of the first untrusted hop was written by a stranger, and what is no address ends the reading.
    """
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    while hops and is_trusted(remote, trusted):
        candidate = hops.pop()
        if "%" in candidate or _address(candidate) is None:  # behind a % any text of any length is an address
            break
        remote = candidate
    return remote


def is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    """Whether the address lies in one of the networks."""
    if not trusted:
        return False
    parsed = _address(address)
    return parsed is not None and any(parsed in network for network in trusted)


def is_host(text: str) -> bool:
    """Whether the text is a plain host, with or without a port: nothing that needs escaping, or leads elsewhere."""
    found = _HOST.fullmatch(text)
    if found is None:
        return False
    ipv6, port = found.groups()
    is_address = ipv6 is None or isinstance(_address(ipv6), ipaddress.IPv6Address)
    return is_address and (port is None or int(port) <= _HIGHEST_PORT)


def visited_url(scheme: str, host: str, headers: Mapping[str, str]) -> str:
    """The server's URL as its visitor sees it, from a trusted proxy's headers where they make sense."""
    proto = _first(headers.get("X-Forwarded-Proto", "")).lower()
    if proto in ("http", "https"):
        scheme = proto
    forwarded_host = _first(headers.get("X-Forwarded-Host", ""))
    if is_host(forwarded_host):
        host = forwarded_host
    prefix = _first(headers.get("X-Forwarded-Prefix", ""))
    if not _PREFIX.fullmatch(prefix):
        prefix = ""
    return f"{scheme}://{host}{prefix}".rstrip("/")


def _first(value: str) -> str:
    return value.partition(",")[0].strip()


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
