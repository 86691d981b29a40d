"""PEM files of upstreams: read and understood when they are named, not at the first request.

``ssl`` is imported where a file is: most configurations name none, and the server's supervisor would hold OpenSSL for
as long as it lives.
"""

from __future__ import annotations

import os

from pyproxy.errors import ConfigurationError
from pyproxy.settings import kinds


def read_pem_file(value: object) -> str:
    """The absolute path of a readable PEM file, because commands and the server may run in different directories."""
    path = os.path.abspath(os.path.expanduser(kinds.read_text(value)))
    if "\x00" in path:
        raise ConfigurationError("contains a NUL character", suggestion="give the path of a PEM file")
    try:
        with open(path, "rb") as file:
            content = file.read(1 << 20)
    except OSError as error:
        problem = f"{path} cannot be read: {error.strerror}"
        raise ConfigurationError(problem, suggestion="give a PEM file that this user may read") from None
    _check_blocks(content, path)
    return path


def read_authorities(value: object) -> str:
    """The same for a file of certificates to trust, each of which must be one."""
    import ssl

    path = read_pem_file(value)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise _no_certificates(path) from None
    return path


def check_authorities(content: bytes, name: str) -> None:
    """Raise `ConfigurationError` unless these are certificates to trust; ``name`` is the file's, for people."""
    import ssl

    _check_blocks(content, name)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=content.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError):
        raise _no_certificates(name) from None


def check_certificate(content: bytes, name: str) -> None:
    """The same for our own certificate, with those between it and its authority; its key may be in it, too."""
    check_authorities(content, name)


def check_key(content: bytes, name: str) -> None:
    """The same for a private key. Only `check_client_pair` can tell whether it is the right one."""
    _check_blocks(content, name)
    if b"PRIVATE KEY-----" not in content:
        raise ConfigurationError(f"{name} holds no private key", suggestion="give a -----BEGIN PRIVATE KEY----- block")
    if b"ENCRYPTED" in content:
        raise ConfigurationError(
            f"the key of {name} has a passphrase", suggestion="give it without one: openssl pkey -in KEY -out PLAIN"
        )


def check_client_pair(certificate: str, key: str | None) -> None:
    """Raise `ConfigurationError` unless the key (in the certificate's file if ``None``) fits and has no passphrase."""
    import ssl

    try:
        # An empty passphrase, for else a key that has one would ask for it at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password="")
    except (OSError, ssl.SSLError) as error:
        used = f"the key {key}" if key else "a key in the same file"
        raise ConfigurationError(
            f"{certificate} cannot be used with {used}{tls_reason(error)}",
            key="client_certificate",
            suggestion="both must be PEM, and client_key the certificate's own, without a passphrase",
        ) from None


def tls_reason(error: OSError) -> str:
    """What OpenSSL or the system says, as the end of a sentence; nothing where it is no word for people."""
    reason = getattr(error, "reason", None)  # OpenSSL's
    said = reason.replace("_", " ") if reason else error.strerror or ""
    return "" if "_ssl.c" in said or said.lower() == "pem lib" else f": {said.lower()}"


def _check_blocks(content: bytes, name: str) -> None:
    if b"-----BEGIN " not in content:
        raise ConfigurationError(f"{name} is no PEM file", suggestion="it must hold -----BEGIN …----- blocks")


def _no_certificates(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name} holds no certificate, or a broken one",
        suggestion="give a file of -----BEGIN CERTIFICATE----- blocks as their authority published it",
    )
