"""What an inspection says: one step after the other, each a finding with what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed", "skipped"]

Begins = Callable[[str], None]
"""Told the name of the step that begins, so that somebody who watches sees what is being waited for."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at.

    ``found`` is a sentence without its full stop, ``advice`` what to set or to do, if anything. ``seconds`` is how
    long it took; ``None`` for what only had to be judged.
    """

    name: str
    state: State
    seconds: float | None
    found: str
    advice: str | None = None


def no_one_watches(_name: str) -> None:
    """A `Begins` for whoever only wants the results."""
