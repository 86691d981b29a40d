"""Kept files that nginx sends itself where it stands before pyproxy: ``X-Accel-Redirect``.

pyproxy decides and counts as ever, and then names the place of the bytes instead of sending them
(``server.accel_redirect``). To whoever does not know the header, that is an empty file with a right status. So three
must agree: the configuration, the network that the request comes from (``server.trusted_proxies``), and the request
itself, by a header that nginx is told to set: ``X-Sendfile-Type: X-Accel-Redirect``, as Rack's servers know it. A
client may send that header too; all it gets is what nginx makes of the answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from tornado.httputil import HTTPServerRequest

from pyproxy.handlers.forwarded import Network, is_trusted


def takes_redirects(request: HTTPServerRequest, trusted: Sequence[Network]) -> bool:
    """Whether the request comes from an nginx that sends the bytes of a place by itself."""
    wanted = request.headers.get("X-Sendfile-Type", "").strip().lower() == "x-accel-redirect"
    return wanted and is_trusted(request.remote_ip or "", trusted)
