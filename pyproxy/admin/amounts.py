"""Times, counts and sizes in words for people, and times for programs."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_SIZES = ("bytes", "kB", "MB", "GB", "TB")


def span(seconds: float) -> str:
    """A length of time, roughly: the largest unit of which there are at least two.

    >>> span(5400)
    '90 minutes'
    """
    for length, unit in _UNITS:
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {unit}s"
    return "1 second" if seconds >= 1 else "less than a second"


def took(seconds: float) -> str:
    """How long something took, to about three digits.

    >>> took(0.0004), took(0.0421), took(1.234), took(75.0)
    ('< 1 ms', '42 ms', '1.23 s', '75 s')
    """
    if seconds < 0.001:
        return "< 1 ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.3g} s" if seconds < 1000 else f"{seconds:,.0f} s"


def ago(then: float, now: float) -> str:
    """How long ago that was (unix seconds); a time to come means that a clock has been set back."""
    if then > now + 1:
        return f"at {iso(then)}, which is yet to come: the clock was set back"
    return "just now" if now - then < 1 else f"{span(now - then)} ago"


def until(then: float, now: float) -> str:
    """How long that will be."""
    return f"in {span(then - now)}" if then > now else "now"


def iso(then: float) -> str:
    """ISO 8601 in UTC, to the second.

    >>> iso(0)
    '1970-01-01T00:00:00Z'
    """
    try:
        return datetime.fromtimestamp(then, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return "never" if then > 0 else "always"


def count(number: int, thing: str, things: str | None = None) -> str:
    """A number of things.

    >>> count(1, "file")
    '1 file'
    """
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def data(size: int) -> str:
    """An amount of bytes, in powers of 1000.

    >>> data(1_234_567)
    '1.2 MB'
    """
    amount, unit = float(size), 0
    while amount >= 1000 and unit < len(_SIZES) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{size} {_SIZES[0]}" if unit == 0 else f"{amount:.1f} {_SIZES[unit]}"


def listed(words: tuple[str, ...] | list[str], joint: str = "and") -> str:
    """Words as one enumeration.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joint} {words[-1]}" if words else ""
