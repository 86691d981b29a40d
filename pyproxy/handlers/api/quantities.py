"""Lengths of time and amounts of data in requests: as ``pyproxy.settings.quantities`` reads them, or plain numbers."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pyproxy.settings.quantities import LARGEST_BYTES, LONGEST_SECONDS, parse_duration, parse_size

Duration = (
    Annotated[
        str,
        Meta(pattern=r"^([0-9]{1,4}(\.[0-9]{1,3})?(ms|s|m|h|d) ?|[0-9]{1,3}w ?){1,3}$", examples=["5m", "30d"]),
    ]
    | Annotated[float, Meta(ge=0, le=LONGEST_SECONDS)]
)
"""Text with units, or seconds."""

Size = (
    Annotated[str, Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,3})? ?([kKMGT]i?)?B$", examples=["50GB", "500MiB"])]
    | Annotated[int, Meta(ge=0, le=LARGEST_BYTES)]
)
"""Text with a unit, or bytes."""


def seconds_of(given: str | float | None) -> float | None:
    """A length of time in seconds."""
    return parse_duration(given) if isinstance(given, str) else given


def bytes_of(given: str | int | None) -> int | None:
    """An amount of data in bytes."""
    return parse_size(given) if isinstance(given, str) else given
