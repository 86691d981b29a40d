"""What is different between two states of an upstream, field by field, without any secret."""

from __future__ import annotations

from pyproxy.settings import FIELDS, UpstreamSettings
from pyproxy.settings.masking import masked_url
from pyproxy.settings.texts import as_text
from pyproxy.storage.audit import CHANGED, Change
from pyproxy.storage.audit import Entry as Entry  # the type, for handlers

_FIELDS = tuple(field for field in FIELDS if field.name != "priority")


def changes_between(old: UpstreamSettings | None, new: UpstreamSettings | None) -> tuple[Change, ...]:
    """The fields whose values differ, in the order of `FIELDS`; ``None`` stands for an upstream that is not there.

    Of one that is new or gone, what is not as it is by default.
    """
    before, after = _texts(old, new), _texts(new, old)
    found = []
    for field in _FIELDS:
        was, will = getattr(old, field.name, None), getattr(new, field.name, None)
        if before[field.name] == after[field.name] and (was == will or None in (old, new)):
            continue
        found.append(Change(field.name, *_said(field.name, was, will, before[field.name], after[field.name])))
    return tuple(found)


def _texts(settings: UpstreamSettings | None, other: UpstreamSettings | None) -> dict[str, str]:
    """Every field as text."""
    if settings is None:
        assert other is not None
        settings = UpstreamSettings(name="", url="")
    return {field.name: _text(field.name, getattr(settings, field.name)) for field in _FIELDS}


def _text(name: str, value: object) -> str:
    if name in ("password", "token"):
        return CHANGED if value else ""
    return masked_url(value) if name == "http_proxy" and isinstance(value, str) else as_text(value)


def _said(name: str, was: object, will: object, before: str, after: str) -> tuple[str | None, str | None]:
    """Old and new as the log has them; a proxy of which only the password is another one has changed, too."""
    if before == after:
        return CHANGED, CHANGED
    return (before or None if was is not None else None), (after or None if will is not None else None)
