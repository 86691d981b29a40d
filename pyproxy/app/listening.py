"""The sockets the server listens on, bound once and shared by all workers."""

from __future__ import annotations

import errno
import os
import socket
import ssl

import tornado.netutil

from pyproxy.config.model import ServerConfig
from pyproxy.errors import ConfigurationError, ListenError
from pyproxy.settings.pem import tls_reason

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


def tls_context(server: ServerConfig) -> ssl.SSLContext | None:
    """The TLS context of ``server.tls``, if it is set; raises `ConfigurationError` for files that do not fit."""
    if server.tls.certificate is None or server.tls.key is None:
        return None
    for name, path in (("certificate", server.tls.certificate), ("key", server.tls.key)):
        try:
            path.open("rb").close()
        except OSError as error:
            raise ConfigurationError(
                f"{path} cannot be read: {error.strerror}",
                key=f"server.tls.{name}",
                suggestion="give a PEM file that this user may read",
            ) from None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # An empty passphrase, for else a key that has one would ask for it at the terminal.
        context.load_cert_chain(server.tls.certificate, server.tls.key, password="")
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"{server.tls.certificate} and {server.tls.key} cannot be used together{tls_reason(error)}",
            key="server.tls.certificate",
            suggestion="both must be PEM files, and the key must belong to the certificate and have no passphrase",
        ) from error
    return context


def addresses(sockets: list[socket.socket], server: ServerConfig) -> list[str]:
    """The URLs at which the sockets answer."""
    scheme = "https" if server.tls.certificate else "http"
    found = []
    for listener in sockets:
        host, port = listener.getsockname()[:2]
        found.append(f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/")
    return found
