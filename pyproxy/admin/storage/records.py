"""What the audit log has of long work on the storage, by whatever means it was begun."""

from __future__ import annotations

from pyproxy.admin.amounts import count, data
from pyproxy.admin.storage.prune_preview import PrunePreview
from pyproxy.settings.quantities import format_duration, format_size
from pyproxy.storage.audit import Change

SUBJECT = "storage"


def prune_record(preview: PrunePreview) -> tuple[Change, ...]:
    """What may stay, and what goes."""
    wish = preview.wish
    said = {
        "max_size": None if wish.max_size is None else format_size(wish.max_size),
        "unused_for": None if wish.unused_for is None else format_duration(wish.unused_for),
        "going": amount(preview),
    }
    return tuple(Change(key, None, value) for key, value in said.items() if value is not None)


def amount(preview: PrunePreview) -> str:
    """How much goes, in words."""
    return f"{count(preview.files, 'file')}, {data(preview.bytes)}"
