"""The value of a field as text: what people read in forms and records, and what reads back as the same value."""

from __future__ import annotations

from pyproxy.settings.quantities import format_duration


def as_text(value: object) -> str:
    """A field's value as ``upstream set`` takes it; empty for none, or an empty list.

    >>> as_text(("a", "b-*")), as_text(300.0), as_text(True), as_text(None)
    ('a, b-*', '5m', 'true', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format_duration(value)
    if isinstance(value, (tuple, list)):
        return ", ".join(str(entry) for entry in value)
    return str(value)
