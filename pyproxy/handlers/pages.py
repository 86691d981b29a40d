"""What all pages for people share: headers that keep everything from other places out of them, and relative links."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing from other hosts, nothing inline: text that finds its way into a page unescaped still does nothing there."""

PAGE_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }
)


def root_of(path: str) -> str:
    """The way from a request's path to the server's root, relative, so that it is right behind any prefix.

    >>> root_of("/admin/upstreams/pypi"), root_of("/")
    ('../../', './')
    """
    return "../" * (path.count("/") - 1) or "./"
