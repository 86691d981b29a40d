"""``/`` for people: what this is, and the lines to copy, with the address the visitor used."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from pyproxy.handlers.base import BaseHandler
from pyproxy.handlers.visited import visited_address


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """What ``home.html`` is rendered from, and nothing else.

    ``address`` is this server without a final slash (``https://pypi.example.org/team``), ``index_url`` what tools are
    given, ``host`` the host with its port (IPv6 in brackets), as pip's ``trusted-host`` wants it. ``plain``: it is
    http; ``loopback``: only this machine reaches it; ``settled``: the administrator chose it (``server.public_url``).
    ``guarded``: who installs has to say who they are (``access.anonymous_read: false``).
    """

    address: str
    index_url: str
    host: str
    plain: bool
    loopback: bool
    settled: bool
    guarded: bool

    @classmethod
    def at(cls, address: str, *, settled: bool = False, guarded: bool = False) -> HomePage:
        """The page of a server at ``address``."""
        parts = urlsplit(address)
        return cls(
            address=address,
            index_url=f"{address}/simple/",
            host=parts.netloc,
            plain=parts.scheme == "http",
            loopback=_is_loopback(parts.hostname or ""),
            settled=settled,
            guarded=guarded,
        )

    @property
    def machine(self) -> str:
        """The host as ``.netrc`` names it: without a port, which it does not know."""
        return urlsplit(self.address).hostname or self.host

    def index_url_of(self, credentials: str) -> str:
        """The address for tools with credentials in it, ``NAME:PASSWORD``."""
        return self.index_url.replace("://", f"://{credentials}@", 1)

    @property
    def host_in_yaml(self) -> str:
        """The host as a YAML value: quoted, because brackets would begin a list, and digits with a colon a number."""
        return f'"{self.host}"'

    @property
    def needs_care(self) -> bool:
        """Whether tools have to be told that they may use it: plain http, and not from the same machine."""
        return self.plain and not self.loopback


class HomeHandler(BaseHandler):
    """The front page."""

    route = "home"

    def get(self) -> None:
        page = HomePage.at(
            visited_address(self),
            settled=self.services.public_url is not None,
            guarded=self.services.readers is not None,
        )
        self.send_page("home.html", "no-cache", page=page)

    head = get


def _is_loopback(hostname: str) -> bool:
    """As pip sees it: its list of secure origins names these."""
    try:
        return ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return hostname == "localhost"
