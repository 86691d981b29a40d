"""For which wheels metadata files are offered here though their upstream offers none (PEP 658, PEP 714)."""

from __future__ import annotations

from typing import NamedTuple


class OfferedMetadata(NamedTuple):
    """``every``: for every wheel of a page but those in ``names``; else for those in ``names`` alone.

    They are listed without a hash (``core-metadata: true``): what a page says does not change with each wheel that
    becomes known, and a client with an old page is not given a hash that no longer holds.
    """

    every: bool = False
    names: frozenset[str] = frozenset()

    def has(self, filename: str) -> bool:
        """Whether this file gets one."""
        return filename.endswith(".whl") and (filename in self.names) is not self.every


NOTHING_OFFERED = OfferedMetadata()
