"""The form of a prune: as it was typed, as what is wanted, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from pyproxy.admin.storage.prune_preview import Wish
from pyproxy.settings.quantities import parse_duration, parse_size

T = TypeVar("T")

HINTS = {"max_size": "Write it like 50GB or 500MiB.", "unused_for": "Write it like 30d, 12h or 90m."}
NEITHER = "Say how much may stay, or for how long something must have been used."


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneForm:
    """``max_size`` and ``unused_for`` as they were typed; ``problems`` by field."""

    max_size: str = ""
    unused_for: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)

    def problem(self, name: str) -> str:
        """What is wrong with a field; empty for nothing."""
        return self.problems.get(name, "")


def read_wish(max_size: str, unused_for: str) -> tuple[PruneForm, Wish | None]:
    """What is wanted; ``None`` where something is wrong, which the form then says."""
    problems: dict[str, str] = {}
    wish = Wish(
        max_size=_read("max_size", max_size, parse_size, problems),
        unused_for=_read("unused_for", unused_for, parse_duration, problems),
    )
    if not problems and wish == Wish():
        problems["max_size"] = NEITHER
    form = PruneForm(max_size=max_size, unused_for=unused_for, problems=problems)
    return form, None if problems else wish


def _read(name: str, text: str, parse: Callable[[str], T], problems: dict[str, str]) -> T | None:
    if not text.strip():
        return None
    try:
        return parse(text)
    except ValueError as error:
        problems[name] = f"{str(error)[:1].upper()}{str(error)[1:]}. {HINTS[name]}"
        return None
