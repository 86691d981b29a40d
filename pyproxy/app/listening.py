"""The sockets the server listens on: bound once by the supervisor, inherited by all workers.

Not with Tornado's means, for the supervisor has no Tornado.
"""

from __future__ import annotations

import errno
import os
import socket

from pyproxy.config.model import ServerConfig
from pyproxy.errors import ListenError

BACKLOG = 2048
"""Connections of one socket that wait for a worker to take them; the system may allow fewer.

A connection for which there is no place waits a second or three before it is tried again. So there is place for a crowd
that comes at once, such as all jobs of a build farm, also while the only worker is being replaced.
"""

_NO_ADDRESS = "it is no address of this machine; choose another --host (0.0.0.0 is every address)"


def bind(server: ServerConfig) -> list[socket.socket]:
    """Listening sockets for ``server.host`` and ``server.port``; raises `ListenError` saying what is in the way."""
    try:
        return _bound(server.host, server.port)
    except socket.gaierror as error:
        raise ListenError(f"cannot listen on {server.host}: {_NO_ADDRESS}") from error
    except OSError as error:
        where = f"{server.host} port {server.port}"
        if error.errno == errno.EADDRINUSE:
            raise ListenError(
                f"cannot listen on {where}: another program does already; stop it or choose another --port"
            ) from error
        if error.errno == errno.EADDRNOTAVAIL:
            raise ListenError(f"cannot listen on {where}: {_NO_ADDRESS}") from error
        if error.errno == errno.EACCES:
            raise ListenError(f"cannot listen on {where}: ports below 1024 need root; choose another --port") from error
        raise ListenError(f"cannot listen on {where}: {os.strerror(error.errno or 0)}") from error


def _bound(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of the host; with port 0 all of them get the port of the first."""
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    listeners: list[socket.socket] = []
    try:
        for family, address in sorted({(family, address) for family, _, _, _, address in found}):
            if listeners and port == 0:
                address = (address[0], listeners[0].getsockname()[1], *address[2:])
            try:
                listener = socket.socket(family, socket.SOCK_STREAM)
            except OSError as error:
                if error.errno == errno.EAFNOSUPPORT:  # a machine without IPv6 may have IPv6 addresses in its files
                    continue
                raise
            listeners.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # IPv4 has a socket of its own
            listener.setblocking(False)
            listener.bind(address)
            listener.listen(BACKLOG)
    except BaseException:
        for listener in listeners:
            listener.close()
        raise
    return listeners


def addresses(sockets: list[socket.socket], server: ServerConfig) -> list[str]:
    """The URLs at which the sockets answer."""
    scheme = "https" if server.tls.certificate else "http"
    found = []
    for listener in sockets:
        host, port = listener.getsockname()[:2]
        found.append(f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/")
    return found
