"""URLs as they go over the wire: checked, ASCII, without credentials and fragment; and whose they are.

An *origin* is ``(scheme, host, port)`` with the default port filled in (RFC 6454 section 4).
"""

from __future__ import annotations

import contextlib
import re
from functools import lru_cache
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from pyproxy.settings.addresses import DEFAULT_PORTS

Origin = tuple[str, str, int]

_SAFE = "%/:=&?~#+!$,;'@()*[]"
"""Left as they are: what RFC 3986 allows, and ``%``, because links are quoted already."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
_HOST = re.compile(r"[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]")


def sendable(url: str) -> str:
    """The URL in the form it is asked for: host in ASCII lower case, blanks and non-ASCII characters quoted.

    A user name and password in it are dropped: only the upstream's own settings say what is sent where. Raises
    ValueError for what is no http or https URL.
    """
    if _CONTROL.search(url):
        raise ValueError("it contains a backslash or a control character")
    parts = urlsplit(url)
    if parts.scheme.lower() not in DEFAULT_PORTS:
        raise ValueError("it is no http or https address")
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else _ascii(host)
    if not _HOST.fullmatch(host):
        raise ValueError("it has no valid host")
    netloc = host if parts.port in (None, DEFAULT_PORTS[parts.scheme.lower()]) else f"{host}:{parts.port}"
    path = quote(parts.path or "/", safe=_SAFE)
    return urlunsplit((parts.scheme.lower(), netloc, path, quote(parts.query, safe=_SAFE), ""))


def resolve(base: str, location: str) -> str:
    """Where a ``Location`` leads from ``base``, as `sendable`. Raises ValueError."""
    # Header bytes came in as Latin-1; servers that do not quote mean UTF-8.
    with contextlib.suppress(UnicodeError):
        location = location.encode("latin-1").decode("utf-8")
    return sendable(urljoin(base, location.strip()))


@lru_cache(maxsize=256)
def origin_of(url: str) -> Origin:
    """The origin of an http or https URL; raises ValueError for a wrong port.

    Remembered, because it is asked for several times at every hop of every request.
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or DEFAULT_PORTS.get(scheme, 0)


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii").lower() if not host.isascii() else host.lower()
    except UnicodeError:
        return ""
