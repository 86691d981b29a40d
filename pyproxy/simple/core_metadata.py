"""A distribution's METADATA or PKG-INFO, read (core metadata specification)."""

from __future__ import annotations

import re

from packaging.metadata import RawMetadata, parse_email

MOST_NAMES = 200
"""Different fields; the specification has some thirty. ``packaging`` takes time by their product with all lines."""

_BLANK_LINE = re.compile(rb"\n\r?\n")
_FIELD = re.compile(rb"(?:^|[\r\n])([^\s:]+):")


def read_core_metadata(content: bytes) -> RawMetadata:
    """Its fields; none at all of what has more of them than any metadata."""
    names = {name.lower() for name in _FIELD.findall(content, 0, end_of_fields(content))}
    return {} if len(names) > MOST_NAMES else parse_email(content)[0]


def end_of_fields(content: bytes) -> int:
    """Where the line break of the last field is; a description follows the blank line after it."""
    found = _BLANK_LINE.search(content)
    return found.start() if found else len(content)
