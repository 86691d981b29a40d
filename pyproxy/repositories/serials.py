"""Pages that are older than the one we have: some node of an upstream's content delivery network lags behind.

Indexes number their changes (``X-PyPI-Last-Serial``). A page with a lower number is refused, but only once for each
such page: an index that was set back must not be locked out by its own past.
"""

from __future__ import annotations

import logging

from pyproxy.errors import UpstreamInvalidResponse
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.pages import KnownPage

log = logging.getLogger(__name__)


class Serials:
    """Remembers which older pages one upstream was refused."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._refused: dict[NormalizedName, str] = {}

    def check(self, project: NormalizedName, url: str, serial: str | None, known: KnownPage | None) -> None:
        """Raise `UpstreamInvalidResponse` for a page from the same ``url`` with a lower ``serial``: ask again soon."""
        refused = self._refused.pop(project, None)
        if known is None or known.page_url != url or not _is_older(serial, known.serial):
            return
        if refused != serial:
            assert serial is not None
            self._refused[project] = serial
            raise UpstreamInvalidResponse(
                self._upstream, f"sent an older page than before (serial {serial} after {known.serial})"
            )
        log.warning("%s: upstream %s went back to serial %s", project, self._upstream, serial)


def _is_older(serial: str | None, than: str | None) -> bool:
    numbers = [text for text in (serial, than) if text is not None and _is_number(text)]
    return len(numbers) == 2 and int(numbers[0]) < int(numbers[1])


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20
