"""Byte ranges of a request (RFC 9110 section 14), as installers send them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SINGLE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)", re.IGNORECASE)

DIGITS = 18
"""Longer numbers are nonsense, not sizes."""

HEADER_LENGTH = 200
"""Characters of the longest single range, blanks included; matching takes time by the square of them."""


class Unsatisfiable(Exception):
    """The range lies outside the file: 416."""


@dataclass(frozen=True, slots=True)
class WantedRange:
    """One range as the client named it: ``first`` to ``last`` inclusive, or the last ``suffix`` bytes."""

    first: int | None = None
    last: int | None = None
    suffix: int | None = None

    def resolve(self, size: int) -> tuple[int, int]:
        """``(start, stop)`` with ``stop`` exclusive, for a file of ``size`` bytes; raises `Unsatisfiable`."""
        if self.suffix is not None:
            if self.suffix == 0 or size == 0:
                raise Unsatisfiable
            return max(size - self.suffix, 0), size
        assert self.first is not None
        if self.first >= size:
            raise Unsatisfiable
        return self.first, size if self.last is None else min(self.last + 1, size)


def parse_range(header: str | None) -> WantedRange | None:
    """The single range of a ``Range`` header; ``None`` (answer with the whole) for none, several or nonsense."""
    if header is None or len(header) > HEADER_LENGTH:
        return None
    found = _SINGLE.fullmatch(header.strip())
    if found is None:
        return None
    first, last = found[1], found[2]
    if len(first) > DIGITS or len(last) > DIGITS or not (first or last):
        return None
    if not first:
        return WantedRange(suffix=int(last))
    if last and int(last) < int(first):
        return None  # RFC 9110: an invalid range is ignored
    return WantedRange(first=int(first), last=int(last) if last else None)
