"""Which addresses a link or redirect may lead to.

The upstream's own origin may be anywhere: an administrator put it there. Anything else must be at a public address,
unless the upstream itself is at one that is not: then its neighbours are its business. Otherwise a page of a public
index could make this server ask the machines beside it. What counts is the address that was connected to, since a
name can lead anywhere; through an outbound proxy only addresses written in the URL can be seen.
"""

from __future__ import annotations

import ipaddress
import socket

from pyproxy.net.addresses import Origin

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address is reachable for everybody: not loopback, private, link-local, shared (RFC 6598),
    multicast, unspecified or reserved. Addresses wrapped into IPv6 count as what they wrap.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def literal_address(host: str) -> str | None:
    """The IP address that a URL's host spells out, in any form curl understands (``127.1``, ``0x7f000001``)."""
    host = host.strip("[]")
    if host == "localhost" or host.endswith(".localhost"):
        return "127.0.0.1"  # RFC 6761 section 6.3
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host.rstrip("."))) if host[:1].isdigit() else None
    except OSError:
        return None


class Reach:
    """The limits for one upstream; learns where the upstream is from the connections to it."""

    def __init__(self, own: Origin) -> None:
        self._own = own
        literal = literal_address(own[1])
        self._own_is_public: bool | None = None if literal is None else is_public(literal)

    @property
    def knows_own_address(self) -> bool:
        """Whether it is known already if the upstream itself is at a public address."""
        return self._own_is_public is not None

    @property
    def known_not_public(self) -> bool:
        """Whether the upstream itself is known to be at an address that is not public."""
        return self._own_is_public is False

    def learn(self, address: str) -> None:
        """The upstream is at this address."""
        self._own_is_public = is_public(address)

    def admits_host(self, origin: Origin) -> bool:
        """Whether an origin may be asked, as far as its spelling tells."""
        literal = literal_address(origin[1])
        return literal is None or self.admits(origin, literal)

    def admits(self, origin: Origin, address: str) -> bool:
        """Whether an origin may be asked at the address it was found at.

        With the upstream's own address unknown the answer errs on the side of no.
        """
        return origin == self._own or self.known_not_public or is_public(address)
