"""The certificate of ``server.tls`` and its key: read, tried, and told of with the day it ends."""

from __future__ import annotations

import datetime
import logging
import ssl
from dataclasses import dataclass
from pathlib import Path

from pyproxy.config.model import ServerConfig
from pyproxy.errors import ConfigurationError
from pyproxy.settings.pem import tls_reason

log = logging.getLogger(__name__)

ENDS_SOON = datetime.timedelta(days=14)
"""From so long before its end on, a certificate is warned of: whatever renews it should have done so."""

Contents = tuple[bytes | str, bytes | str]
"""What certificate and key file hold; for a file that cannot be read, the reason."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its key that fit; ``ends`` is ``None`` where the certificate cannot be read for it."""

    certificate: Path
    key: Path
    context: ssl.SSLContext
    contents: Contents
    ends: datetime.datetime | None


@dataclass(slots=True)
class ShownCertificate:
    """The pair that new connections get, if there is one; a renewal puts another in its place."""

    pair: KeyPair | None

    def ends(self) -> float | None:
        """Until when the certificate is valid (unix seconds); ``None`` where there is none, or it does not tell."""
        return None if self.pair is None or self.pair.ends is None else self.pair.ends.timestamp()


def load_pair(server: ServerConfig) -> KeyPair | None:
    """The pair of ``server.tls``, if it is set; raises `ConfigurationError` for files that do not fit.

    ``contents`` is read after the context has been made: whoever read the same before knows that both are one.
    """
    certificate, key = server.tls.certificate, server.tls.key
    if certificate is None or key is None:
        return None
    for name, content in zip(("certificate", "key"), read_contents(certificate, key), strict=True):
        if isinstance(content, str):
            raise ConfigurationError(
                f"{certificate if name == 'certificate' else key} cannot be read: {content}",
                key=f"server.tls.{name}",
                suggestion="give a PEM file that this user may read",
            )
    # Always a new context: one that failed to load a pair is left with half of it.
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # An empty passphrase, for else a key that has one would ask for it at the terminal.
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"{certificate} and {key} cannot be used together{tls_reason(error)}",
            key="server.tls.certificate",
            suggestion="both must be PEM files, and the key must belong to the certificate and have no passphrase",
        ) from error
    contents = read_contents(certificate, key)
    return KeyPair(certificate, key, context, contents, _end(contents[0]))


def read_contents(certificate: Path, key: Path) -> Contents:
    """What the two files hold now."""
    return _read(certificate), _read(key)


def ends_soon(pair: KeyPair, now: float) -> bool:
    """Whether the certificate has ended, or ends within `ENDS_SOON` of ``now`` (unix seconds)."""
    return pair.ends is not None and pair.ends - _moment(now) <= ENDS_SOON


def tell_end(pair: KeyPair, now: float) -> None:
    """Log until when the certificate is valid, as a warning where that is soon or over."""
    if pair.ends is None:
        log.info("certificate: %s", pair.certificate)
        return
    day = pair.ends.strftime("%Y-%m-%d %H:%M UTC")
    left = pair.ends - _moment(now)
    if left <= datetime.timedelta(0):
        log.warning("certificate: %s ended on %s: clients refuse it; renew it", pair.certificate, day)
    elif left <= ENDS_SOON:
        days = f"{left.days} days" if left.days != 1 else "1 day"
        log.warning("certificate: %s ends on %s, in %s: renew it", pair.certificate, day, days)
    else:
        log.info("certificate: %s ends on %s", pair.certificate, day)


def _read(path: Path) -> bytes | str:
    try:
        return path.read_bytes()
    except OSError as error:
        return error.strerror or str(error)


def _end(content: bytes | str) -> datetime.datetime | None:
    """When the server's own certificate ends, which comes first in the file (RFC 8446, section 4.4.2)."""
    from cryptography import x509  # late: it takes 11 MB

    try:
        return x509.load_pem_x509_certificates(content)[0].not_valid_after_utc if isinstance(content, bytes) else None
    except ValueError:  # OpenSSL reads more than cryptography does, and OpenSSL has taken it
        return None


def _moment(now: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(now, datetime.UTC)
