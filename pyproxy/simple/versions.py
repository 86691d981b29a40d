"""Versions as PEP 440 compares them; what is no version at all is compared as text.

Every reading of a version goes through here: ``packaging`` leaves a component of more digits than Python reads as a
number (`sys.get_int_max_str_digits`) as a plain `ValueError`, and such a text may come from any client or index.
"""

from __future__ import annotations

from packaging.utils import canonicalize_version
from packaging.version import Version


def read_version(text: str) -> Version | None:
    """The version, or ``None`` where PEP 440 does not know it, or Python not its numbers."""
    try:
        return Version(text)
    except ValueError:  # InvalidVersion is one
        return None


def comparable(text: str) -> str:
    """The same text for versions that are equal.

    >>> comparable("1.0") == comparable("1.0.0")
    True
    """
    version = read_version(text)
    return text if version is None else canonicalize_version(version)


def version_order(text: str) -> tuple[bool, Version, str]:
    """Sorts versions; what is none comes first, as text."""
    version = read_version(text)
    return version is not None, version or _LOWEST, text


_LOWEST = Version("0")
