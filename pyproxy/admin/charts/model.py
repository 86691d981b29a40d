"""A chart that is ready to be drawn.

The plane of the chart has one column for each slot of time, each 1 wide, and is `HEIGHT` high; y grows downwards, as in
SVG. It is stretched to the width that there is, so that nothing in it may be round, and no text stands in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

HEIGHT = 150
"""Of the plane, in CSS pixels: unlike its width, its height is never stretched."""

Form = Literal["bars", "line"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One series: ``style`` is its class for the colour, ``path`` the SVG path data of its bars, or of its line.

    ``dots`` are the path of values that no line leads to: it has no length, and shows where strokes have round ends.
    """

    label: str
    style: str
    form: Form
    path: str
    dots: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """A line across the plane at ``y``, and what it stands for."""

    y: int
    text: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A word of the time axis, in the middle of ``percent`` of the width."""

    percent: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A slot of time in the table; ``cells`` are in the order of `Chart.columns`."""

    time: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """``name`` is unique in a page. ``sentence`` says what there is to see, for those who do not see it.

    ``hints`` are what a pointer is told of each slot. ``rows`` come newest first, as people look for them. ``empty``:
    there is nothing in it but zeros.
    """

    name: str
    title: str
    sentence: str
    empty: bool
    drawn: tuple[Drawn, ...]
    levels: tuple[Level, ...]
    moments: tuple[Moment, ...]
    hints: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def slots(self) -> int:
        """How many columns the plane has."""
        return len(self.hints)

    @property
    def height(self) -> int:
        """Of the plane."""
        return HEIGHT
