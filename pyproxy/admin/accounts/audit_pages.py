"""The audit log as pages show it: so much of it that a page stays small, whatever was changed."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from pyproxy.admin.visible import visible
from pyproxy.storage.audit import CHANGED, AuditLog, Change, Entry

ROWS = 50
"""Entries of a page, where they are short."""

WEIGHT = 45_000
"""Characters of HTML that a page's entries may come to, roughly; it ends with the one that passes it."""

ENTRY_WEIGHT, CHANGE_WEIGHT = 700, 130
"""What stands around the texts of an entry, and around those of one change."""

LONGEST_VALUE = 240
"""Characters that are shown of a value; the API has the whole."""

MOST_CHANGES = 12
"""Values of one change that are shown."""


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One value for people; empty texts for none. ``secret``: the values are not told."""

    field: str
    old: str
    new: str
    secret: bool


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry with the beginning of its changes; ``more`` are left out."""

    entry: Entry
    changes: tuple[ShownChange, ...]
    more: int


@dataclass(frozen=True, slots=True)
class AuditPage:
    """The newest first; ``older`` is the id below which the next page begins, ``None`` on the last one."""

    entries: tuple[ShownEntry, ...]
    older: int | None


class AuditPages:
    """Reads them. Synchronous: for the administration's thread."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    def page(self, *, before: int | None, actor: str = "", action: str = "", subject: str = "") -> AuditPage:
        """From below the id ``before``, with such a part in actor, action and subject."""
        found = self._log.entries(before=before, actor=actor, action=action, subject=subject, limit=ROWS + 1)
        shown: list[ShownEntry] = []
        weight = 0
        for entry in found[:ROWS]:
            shown.append(_shown(entry))
            weight += _weight(shown[-1])
            if weight > WEIGHT:
                break
        return AuditPage(tuple(shown), shown[-1].entry.id if len(shown) < len(found) else None)


def _shown(entry: Entry) -> ShownEntry:
    changes = tuple(
        ShownChange(change.field, _clipped(change.old), _clipped(change.new), _is_secret(change))
        for change in entry.changes[:MOST_CHANGES]
    )
    return ShownEntry(entry, changes, max(0, len(entry.changes) - MOST_CHANGES))


def _is_secret(change: Change) -> bool:
    return CHANGED in (change.old, change.new) and {change.old, change.new} <= {CHANGED, None}


def _clipped(value: str | None) -> str:
    text = visible(value or "")
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}… ({len(text):,} characters)"


def _weight(shown: ShownEntry) -> int:
    texts = [text for change in shown.changes for text in (change.field, change.old, change.new)]
    return ENTRY_WEIGHT + CHANGE_WEIGHT * len(shown.changes) + sum(len(escape(text)) for text in texts)
