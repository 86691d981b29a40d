"""This server's address, as whoever asks reached it: for sentences and for lines to copy.

The ``Host`` header is written by the client, so what is no plain host and port is not repeated: then the address of
the socket stands in.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from tornado.http1connection import HTTP1Connection

from pyproxy.handlers.base import BaseHandler
from pyproxy.handlers.forwarded import is_host, is_trusted, visited_url


def visited_address(handler: BaseHandler) -> str:
    """Without a final slash: ``server.public_url``, else from the request and what trusted proxies say of it."""
    if handler.services.public_url is not None:
        return handler.services.public_url.rstrip("/")
    return _asked_address(handler)


def is_by_tls(handler: BaseHandler) -> bool:
    """Whether whoever asks used https; ``server.public_url`` alone does not tell: pages are visited past it, too."""
    asked, public = _asked_address(handler), urlsplit(handler.services.public_url or "")
    return asked.startswith("https:") or (public.scheme == "https" and public.netloc == urlsplit(asked).netloc)


def is_of_another_site(handler: BaseHandler) -> bool:
    """Whether a browser sends this for a page of another site, as far as it says so; programs say nothing.

    ``Sec-Fetch-Site`` tells exactly, but it is sent to https and loopback alone. ``Origin`` comes with every change;
    its scheme is not looked at, for a front may end TLS without a word of it.
    """
    headers = handler.request.headers
    if "Sec-Fetch-Site" in headers:
        return headers["Sec-Fetch-Site"] not in ("none", "same-origin")
    if "Origin" not in headers:
        return False
    return _host_of(headers["Origin"]) not in {_host_of(_asked_address(handler)), _host_of(visited_address(handler))}


def _host_of(url: str) -> str:
    """Host and port in lower case; empty for ``null``, and for what is no URL."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _asked_address(handler: BaseHandler) -> str:
    services, request = handler.services, handler.request
    trusted = is_trusted(request.remote_ip or "-", services.trusted_proxies)
    headers: Mapping[str, str] = request.headers if trusted else {}
    host = request.headers.get("Host", "")
    return visited_url(request.protocol, host if is_host(host) else _socket_address(handler), headers)


def _socket_address(handler: BaseHandler) -> str:
    connection = handler.request.connection
    assert isinstance(connection, HTTP1Connection)
    try:
        host, port = connection.stream.socket.getsockname()[:2]
        address = ipaddress.ip_address(host)
    except (OSError, ValueError, AttributeError):
        return "localhost"
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
