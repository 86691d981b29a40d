"""What a TLS connection of an upstream is checked against.

The OpenSSL inside pycurl's wheel knows no system path, so an authority must always be named: the upstream's
``ca_bundle``, else the file or folder the environment names for such programs, else certifi's.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import certifi

from pyproxy.settings import UpstreamSettings

VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""In the order they are looked at; an empty one counts as not set."""


@dataclass(frozen=True, slots=True)
class Authorities:
    """``path`` is a PEM file, or a folder of hashed certificates; ``verify`` off accepts any certificate."""

    path: str
    verify: bool = True

    @classmethod
    def of(cls, settings: UpstreamSettings, environ: Mapping[str, str]) -> Authorities:
        """From the upstream's settings and the environment."""
        named = next((environ[name] for name in VARIABLES if environ.get(name)), None)
        return cls(settings.ca_bundle or named or certifi.where(), settings.verify_ssl)

    @property
    def is_directory(self) -> bool:
        """Whether the path is a folder."""
        with contextlib.suppress(OSError):
            return _is_directory(self.path)
        return False


def named_by(settings: UpstreamSettings, environ: Mapping[str, str]) -> str:
    """The authorities of `Authorities.of`, for people: where they are, and who chose them."""
    if settings.ca_bundle:
        return f"ca_bundle ({settings.ca_bundle})"
    for name in VARIABLES:
        if environ.get(name):
            return f"{environ[name]} (from {name})"
    return "the public authorities that pyproxy trusts"


@lru_cache(maxsize=64)
def _is_directory(path: str) -> bool:
    """Remembered once there is something: it does not change its kind, and the event loop asks for each request."""
    return stat.S_ISDIR(os.stat(path).st_mode)
