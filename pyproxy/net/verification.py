"""What a file must be, and whether the bytes that came are that: their number and every listed hash.

Hashes are computed while the bytes arrive, so that a verdict costs nothing at the end, whatever the file's size.
The sha256 is always computed: it names the file from then on, listed or not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyproxy.errors import BrokenOff, HashMismatch

if TYPE_CHECKING:
    from hashlib import _Hash

COMPUTABLE = frozenset(name for name in hashlib.algorithms_guaranteed if not name.startswith("shake_"))
"""The names a listing may use (PEP 691: "as accepted by hashlib.new()") whose digests have one fixed length."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the index says about a file.

    ``size`` is in bytes, ``None`` where it is not listed; ``hashes`` maps hashlib names to lower-case hex and may be
    empty. Names this Python cannot compute are passed over, as if they were not listed. ``recorded``: the sha256 was
    not listed, but recorded here when the file came for the first time.
    """

    filename: str
    size: int | None = None
    hashes: Mapping[str, str] = field(default_factory=dict)
    recorded: bool = False

    @property
    def checkable(self) -> dict[str, str]:
        """The listed hashes that can be computed here."""
        return {name: value.lower() for name, value in self.hashes.items() if name in COMPUTABLE}

    @property
    def hashless(self) -> bool:
        """Nothing listed tells right bytes from wrong ones; the archive itself has to."""
        return not self.checkable


class Verification:
    """Counts and hashes one body, from its first byte to its last. Not for several threads at once."""

    def __init__(self, expected: Expected) -> None:
        self._expected = expected
        self._hashes: dict[str, _Hash] = {
            name: hashlib.new(name, usedforsecurity=False) for name in {"sha256", *expected.checkable}
        }
        self.size = 0

    @property
    def sha256(self) -> str:
        """The digest of the bytes so far, in lower-case hex."""
        return self._hashes["sha256"].hexdigest()

    def update(self, data: bytes) -> None:
        """Take the next bytes. Releases the GIL for all but the smallest pieces, so it may run in a worker thread."""
        self.size += len(data)
        for running in self._hashes.values():
            running.update(data)

    def check(self, upstream: str) -> None:
        """Judge the complete body; raises BrokenOff for a wrong size and HashMismatch for a wrong hash."""
        listed = self._expected.size
        if listed is not None and self.size != listed:
            raise BrokenOff(upstream, f"sent {self.size} bytes of {self._expected.filename}, {listed} are listed")
        for name, value in self._expected.checkable.items():
            found = self._hashes[name].hexdigest()
            if found != value and self._expected.recorded:
                raise HashMismatch(
                    upstream,
                    f"sent other bytes of {self._expected.filename} than at its first download: content changed "
                    f"upstream ({name} {found}, not {value})",
                )
            if found != value:
                raise HashMismatch(upstream, f"{self._accusation(name)}: {name} {found}, not {value}")

    def _accusation(self, name: str) -> str:
        if self._expected.recorded and name == "sha256":
            return f"sent another {self._expected.filename} than the first time: content changed upstream"
        return f"sent other bytes of {self._expected.filename} than listed"
