"""Markers of lock files, with every extra and every dependency group taken for wanted.

Which of them somebody will install is not known when a cache is filled, and some exclude each other: uv writes
``extra == 'extra-3-app-cpu'`` for one of two that do. There is no "not" in markers, so with each comparison of extras
taken for true they hold wherever they could.
"""

from __future__ import annotations

import re

from packaging.markers import Marker

_TEXT = r"""(?:'[^']*'|"[^"]*")"""
_CHOICE = re.compile(
    rf"""\bextra\s*[=!]=\s*{_TEXT}|{_TEXT}\s*[=!]=\s*extra\b|{_TEXT}\s+(?:not\s+)?in\s+(?:extras|dependency_groups)\b"""
)
_TRUE = "os_name != ''"


def widened(marker: Marker) -> Marker:
    """The marker without what it says of extras and groups.

    >>> str(widened(Marker("sys_platform == 'win32' and extra == 'fast'")))
    'sys_platform == "win32" and os_name != ""'
    """
    return Marker(_CHOICE.sub(_TRUE, str(marker)))
