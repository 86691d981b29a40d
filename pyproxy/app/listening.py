"""The sockets the server listens on, bound once and shared by all workers."""

from __future__ import annotations

import errno
import os
import socket

import tornado.netutil

from pyproxy.config.model import ServerConfig
from pyproxy.errors import ListenError

_NO_ADDRESS = "it is no address of this machine; choose another --host (0.0.0.0 is every address)"


def bind(server: ServerConfig) -> list[socket.socket]:
    """Listening sockets for ``server.host`` and ``server.port``; raises `ListenError` saying what is in the way."""
    try:
        return tornado.netutil.bind_sockets(server.port, server.host)
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


def addresses(sockets: list[socket.socket], server: ServerConfig) -> list[str]:
    """The URLs at which the sockets answer."""
    scheme = "https" if server.tls.certificate else "http"
    found = []
    for listener in sockets:
        host, port = listener.getsockname()[:2]
        found.append(f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/")
    return found
