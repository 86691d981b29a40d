"""The shape of an explanation in words: what a terminal or a page shows, without saying how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["good", "warning", "bad", "plain"]
"""How much a line should alarm whoever reads it."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences about one thing; ``label`` names it, and may be empty."""

    label: str
    sentences: tuple[str, ...]
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Section:
    """Paragraphs under a title; the first section's title is the answer itself."""

    title: str
    paragraphs: tuple[Paragraph, ...]
    tone: Tone = "plain"
