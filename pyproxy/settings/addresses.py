"""Checks of URLs, hosts and ports, as people write them.

All functions return the address in one normal spelling (lower-case scheme and host, the default port left out)
and raise ``ConfigurationError`` with problem and suggestion, never repeating a password that stands in a URL.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from pyproxy.errors import ConfigurationError

DEFAULT_PORTS = {"http": 80, "https": 443}

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")


class BaseUrl(NamedTuple):
    """A URL and the credentials that stood in it (percent-decoded)."""

    url: str
    username: str | None
    password: str | None


def check_base_url(text: str) -> BaseUrl:
    """An http or https URL with a host and without query or fragment; user name and password are split off."""
    parts = _split(text, "https://pypi.example.com/")
    netloc = _netloc(parts)
    if parts.query or parts.fragment or text.rstrip().endswith(("?", "#")):
        raise ConfigurationError("the URL has a query or fragment", suggestion="leave out everything from ? or # on")
    username = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    url = urlunsplit((parts.scheme.lower(), netloc, parts.path or "/", "", ""))
    return BaseUrl(url, username, password)


def check_origin(text: str) -> str:
    """``scheme://host[:port]`` and nothing more."""
    example = "https://files.example.com"
    parts = _split(text, example)
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigurationError(
            "expected scheme://host or scheme://host:port and nothing more", suggestion=f"write it like {example}"
        )
    return f"{parts.scheme.lower()}://{_netloc(parts)}"


def check_host_port(text: str) -> str:
    """``host`` or ``host:port``; an IPv6 address stands in brackets."""
    suggestion = "write it like files.example.com or files.example.com:8443"
    if "@" in text:
        raise ConfigurationError("an entry holds a user name", suggestion=suggestion)
    if "/" in text or _FORBIDDEN.search(text):
        raise ConfigurationError(f"{text!r} is not host or host:port", suggestion=suggestion)
    try:
        parts = urlsplit(f"//{text}")
        port = parts.port
    except ValueError:
        raise ConfigurationError(f"{text!r} is not host or host:port", suggestion=suggestion) from None
    if parts.query or parts.fragment or port == 0:
        raise ConfigurationError(f"{text!r} is not host or host:port", suggestion=suggestion)
    host = _host(parts.hostname or "")
    return host if port is None else f"{host}:{port}"


def check_proxy(text: str) -> str:
    """An outbound proxy's URL, which may hold credentials, or the word ``none``."""
    if text.lower() == "none":
        return "none"
    example = "http://proxy.example.com:3128"
    parts = _split(text, example)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ConfigurationError("the proxy's URL has a path", suggestion=f"write it like {example}, or none")
    userinfo, at, _ = parts.netloc.rpartition("@")
    return f"{parts.scheme.lower()}://{userinfo}{at}{_netloc(parts)}"


def _split(text: str, example: str) -> SplitResult:
    """The parts of an http or https URL with a usable host."""
    if _FORBIDDEN.search(text):
        raise ConfigurationError("the URL contains a blank, a backslash or a control character", suggestion="remove it")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError("the URL's host or port is not valid", suggestion=f"write it like {example}") from None
    if parts.scheme.lower() not in DEFAULT_PORTS or not text[len(parts.scheme) :].startswith("://"):
        raise ConfigurationError("the URL does not begin with http:// or https://", suggestion=f"write {example}")
    if not host:
        raise ConfigurationError("the URL has no host", suggestion=f"write it like {example}")
    if port == 0:
        raise ConfigurationError("port 0 cannot be asked", suggestion="write a port from 1 to 65535")
    return parts


def _netloc(parts: SplitResult) -> str:
    """Host and port in their normal spelling, without credentials."""
    host = _host(parts.hostname or "")
    if parts.port is None or parts.port == DEFAULT_PORTS[parts.scheme.lower()]:
        return host
    return f"{host}:{parts.port}"


def _host(host: str) -> str:
    """A host name in ASCII lower case (IDNA where needed), an IPv4 address, or an IPv6 address in brackets."""
    if ":" in host:
        try:
            if "%" in host:
                raise ValueError("a zone belongs to one machine")
            return f"[{ipaddress.IPv6Address(host).compressed}]"
        except ValueError:
            raise ConfigurationError(f"{host!r} is no IPv6 address", suggestion="write it like [::1]") from None
    try:
        ascii_host = host.encode("idna").decode("ascii").lower() if not host.isascii() else host.lower()
    except UnicodeError:
        ascii_host = ""
    if not _HOST.fullmatch(ascii_host):
        raise ConfigurationError(f"{host!r} is no host name", suggestion="write it like pypi.example.com")
    return ascii_host
