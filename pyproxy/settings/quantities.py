"""Durations (``5m``, ``250ms``) and sizes (``50GB``, ``1MiB``): from text to numbers and back.

Sizes follow SI and IEC 80000-13: ``kB MB GB TB`` are powers of 1000, ``KiB MiB GiB TiB`` powers of 1024.
"""

from __future__ import annotations

import re

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
BYTES = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
LONGEST_SECONDS = 100 * 365 * 86400
"""A century: longer ones are typing mistakes, and they would overflow dates."""

LARGEST_BYTES = 2**63 - 1
"""What SQLite can hold."""

_BYTES_BY_LOWER_CASE = {unit.lower(): factor for unit, factor in BYTES.items()}
_DIGITS = r"\d{1,20}(?:\.\d{1,20})?"  # bounded, so that no number overflows
_ONE_DURATION = rf"({_DIGITS})\s*(ms|s|m|h|d|w)"
_DURATION = re.compile(rf"{_ONE_DURATION}(?:\s*{_ONE_DURATION})*", re.ASCII)
_SIZE = re.compile(rf"({_DIGITS})\s*([kmgt]?i?b)?", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(_DIGITS, re.ASCII)


def parse_duration(text: str) -> float:
    """Seconds of ``5m``, ``1h30m``, ``250ms`` or a plain number of seconds; raises ``ValueError``.

    >>> parse_duration("1h 30m")
    5400.0
    """
    stripped = text.strip()
    if _NUMBER.fullmatch(stripped):
        seconds = float(stripped)
    elif _DURATION.fullmatch(stripped):
        # Whole milliseconds, so that 250ms is 0.25 and not its neighbour.
        seconds = round(sum(float(n) * SECONDS[unit] * 1000 for n, unit in re.findall(_ONE_DURATION, stripped))) / 1000
    else:
        raise ValueError(f"{text!r} is no duration")
    if seconds > LONGEST_SECONDS:
        raise ValueError(f"{text!r} is longer than a hundred years")
    return seconds


def format_duration(seconds: float) -> str:
    """The shortest single-unit text that ``parse_duration`` reads as the same number.

    >>> format_duration(300.0)
    '5m'
    """
    for unit in ("d", "h", "m", "s"):
        if seconds and seconds % SECONDS[unit] == 0:
            return f"{int(seconds // SECONDS[unit])}{unit}"
    milliseconds = round(seconds * 1000)
    return f"{milliseconds}ms" if milliseconds else "0s"


def parse_size(text: str) -> int:
    """Bytes of ``50GB``, ``1.5 GiB`` or a plain number of bytes, in any case of letters; raises ``ValueError``.

    >>> parse_size("1MiB")
    1048576
    """
    match = _SIZE.fullmatch(text.strip())
    unit = (match[2] or "B").lower() if match else ""
    if match is None or unit not in _BYTES_BY_LOWER_CASE:
        raise ValueError(f"{text!r} is no size")
    whole, _, fraction = match[1].partition(".")
    factor = _BYTES_BY_LOWER_CASE[unit]
    size = int(whole) * factor + (int(fraction) * factor // 10 ** len(fraction) if fraction else 0)
    if size > LARGEST_BYTES:
        raise ValueError(f"{text!r} is larger than any disk")
    return size


def format_size(size: int) -> str:
    """The largest single-unit text that ``parse_size`` reads as the same number.

    >>> format_size(128_000_000)
    '128MB'
    """
    fitting = [(factor, unit) for unit, factor in BYTES.items() if size and size % factor == 0]
    factor, unit = max(fitting, default=(1, "B"))
    return f"{size // factor}{unit}"
