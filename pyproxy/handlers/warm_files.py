"""Small files that are kept, and metadata files, for the short way (``short_way.py``): most wheels are small.

The file is what the repository has at hand; its head comes from where the handler takes it. Ranges and conditions are
for the handler, and so are files that nginx may send (``accel_redirect.py``).
"""

from __future__ import annotations

import re

from pyproxy.handlers.base import Services
from pyproxy.handlers.files import headers_of, keeping_of, outcome_of, route_of
from pyproxy.handlers.short_way import Asked, WarmAnswer

LIMIT_BYTES = 256 * 1024
"""Larger files are sent in steps, by the kernel where it can; so much is read by the handler at a time as well."""

_ADDRESS = re.compile(r"/files/([a-z0-9-]+)/(?:([0-9a-f]{64})/)?([A-Za-z0-9_][A-Za-z0-9_.+!~-]{0,199})", re.ASCII)
"""Names that need no decoding, nor a closer look."""

_CONDITIONS = frozenset({"If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Range"})


def find_file(services: Services, asked: Asked) -> WarmAnswer | None:
    """The file whose sha256 the address names, or the metadata file, if it is small and need not be waited for."""
    found = _ADDRESS.fullmatch(asked.uri)
    if found is None or services.accel_redirect is not None or not _CONDITIONS.isdisjoint(asked.fields):
        return None
    project, sha256, filename = found.groups()
    file = services.repository.file_at_hand(project, filename, sha256 or "", LIMIT_BYTES)
    if file is None:
        return None
    return WarmAnswer(
        asked,
        {"Cache-Control": keeping_of(sha256, public=True), **headers_of(file)},
        file.body,
        status=200,
        route=route_of(filename),
        project=project,
        filename=filename,
        outcome=outcome_of(file),
        upstream=file.upstream,
    )
