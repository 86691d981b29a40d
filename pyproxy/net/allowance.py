"""How much of the memory small files may take while they arrive and wait to be put away, all of them together.

A file that lies in memory needs no thread, no temporary file and no read before its clients have it, which is most of
what a small one costs. What comes when the allowance is used up goes to the disk as it arrives, like any large file.
"""

from __future__ import annotations

ALLOWED_BYTES = 64 << 20

LEAST_BYTES = 64 << 10
"""What each file counts for at least: what else there is in memory for it is not nothing, however small it is."""


class Allowance:
    """So many bytes for everybody. For one event loop."""

    def __init__(self, allowed: int = ALLOWED_BYTES) -> None:
        self._allowed = allowed
        self._taken = 0

    def take(self, size: int) -> int | None:
        """Room for a file of ``size``; what is to be given back for it, ``None`` where there is too little left."""
        share = max(size, LEAST_BYTES)
        if self._taken + share > self._allowed:
            return None
        self._taken += share
        return share

    def give_back(self, share: int) -> None:
        """The file is in memory no more."""
        self._taken -= share

    @property
    def is_scarce(self) -> bool:
        """Whether what could be put away had better not wait any longer."""
        return self._taken > self._allowed // 2
