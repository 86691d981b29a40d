"""What upstreams said when they were asked again, in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyproxy.admin.amounts import count, listed

if TYPE_CHECKING:  # the commands start without it
    from pyproxy.admin.cache.refreshing import Said


def said_words(said: Said) -> str:
    """What one upstream said."""
    files = count(said.files, "file")
    match said.kind:
        case "unchanged":
            return f"unchanged, {files}"
        case "new":
            return f"has it, {files}"
        case "changed":
            changes = [f"{said.added} more"] * bool(said.added) + [f"{said.removed} fewer"] * bool(said.removed)
            return f"new page, {files}: {listed(changes) or 'the same names with other details'}"
        case "missing":
            return "no such project"
        case "gone":
            return "no such project any more"
        case "failed":
            counts = {"": "", "page": "; its last known page counts", "none": "; it had no such project before"}
            return f"failed: it {said.reason}{counts[said.stands_in]}"
