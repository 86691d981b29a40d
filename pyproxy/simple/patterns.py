"""Which project names an upstream's ``projects`` and ``excluded_projects`` mean.

Patterns are those of ``fnmatch`` (``*``, ``?``, ``[abc]``) over *normalised* names. The pattern itself is normalised
the same way, so that ``My_Company.*`` means what its author sees in a browser: ``my-company-*``.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from functools import lru_cache

from pyproxy.simple.model import NormalizedName

_BRACKETS = re.compile(r"(\[[^\]]*\])")
_SEPARATORS = re.compile(r"[-_.]+")


def matches_any(patterns: Sequence[str], name: NormalizedName) -> bool:
    """Whether at least one pattern matches the name."""
    return any(fnmatch.fnmatchcase(name, normalize_pattern(pattern)) for pattern in patterns)


def admits(patterns: Sequence[str], excluded: Sequence[str], name: NormalizedName) -> bool:
    """Whether an upstream with these settings may be asked for the name; no ``patterns`` at all means every name."""
    return (not patterns or matches_any(patterns, name)) and not matches_any(excluded, name)


@lru_cache(maxsize=1024)
def normalize_pattern(pattern: str) -> str:
    """The pattern as it is compared with normalised names; what stands in brackets keeps its hyphens (ranges).

    >>> normalize_pattern("My_Company.*")
    'my-company-*'
    """
    parts = _BRACKETS.split(pattern.strip())
    return "".join(part if part.startswith("[") else _SEPARATORS.sub("-", part) for part in parts).lower()
