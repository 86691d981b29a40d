"""From numbers to a `Chart`: bars on top of each other, or lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pyproxy.admin.charts.model import HEIGHT, Chart, Drawn, Level, Row
from pyproxy.admin.charts.slots import moments, slot_name
from pyproxy.admin.charts.units import Unit

LEAST = 1.5
"""Height of a bar however small its number is beside the others: one failure among thousands must be seen."""

_LEFT, _WIDTH = 0.12, 0.76
"""Where a bar lies in its column."""

NOTHING = "–"
"""In the table, where there is no value."""


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers for each slot, ``None`` where there is none; ``style`` is a class of the style sheet."""

    label: str
    style: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Slots:
    """The time axis: when each slot begins (unix seconds), and how long each is."""

    starts: Sequence[int]
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a chart says: see `Chart`. ``total`` names the sum of its bars, where they have one."""

    name: str
    title: str
    sentence: str
    total: str | None = None


def stacked_bars(words: Words, slots: Slots, unit: Unit, series: Sequence[Series]) -> Chart:
    """Bars; the first series is at the bottom. A ``total`` is a column of the table, and a line of each hint."""
    columns = list(zip(*(each.values for each in series), strict=True))
    totals = [sum(value or 0 for value in column) for column in columns]
    top = unit.top(max(totals, default=0))
    paths = [""] * len(series)
    for place, column in enumerate(columns):
        floor = float(HEIGHT)
        for number, height in enumerate(_heights([(value or 0) / top * HEIGHT for value in column])):
            if height:
                paths[number] += f"M{place + _LEFT:g} {floor:.4g}v-{height:.4g}h{_WIDTH:g}v{height:.4g}z"
                floor -= height
    drawn = [Drawn(each.label, each.style, "bars", path) for each, path in zip(series, paths, strict=True)]
    told = [Series(words.total, "", totals), *series] if words.total is not None else list(series)
    return _chart(words, slots, unit, told, drawn, top)


def _heights(true: Sequence[float]) -> list[float]:
    """Of the bars in one column, so that each can be seen, and all of them have room."""
    seen = [max(height, LEAST) if height else 0.0 for height in true]
    surplus = sum(seen) - HEIGHT
    if surplus > 0:
        seen[seen.index(max(seen))] -= surplus
    return seen


def lines(words: Words, slots: Slots, unit: Unit, series: Sequence[Series]) -> Chart:
    """Lines; where there is no value they are interrupted, and a value alone is a dot."""
    top = unit.top(max((value for each in series for value in each.values if value is not None), default=0))
    drawn = [Drawn(each.label, each.style, "line", *_line(each.values, top)) for each in series]
    return _chart(words, slots, unit, series, drawn, top)


def _line(values: Sequence[float | None], top: float) -> tuple[str, str]:
    """The path through the values, and that of those between which there is no way: a dot each."""
    known = {place: value for place, value in enumerate(values) if value is not None}
    path, dots = "", ""
    for place, value in known.items():
        point = f"{place + 0.5:g} {HEIGHT - value / top * HEIGHT:.4g}"
        if place - 1 in known:
            path += f"L{point}"
        elif place + 1 in known:
            path += f"M{point}"
        else:
            dots += f"M{point}h0"
    return path, dots


def _chart(words: Words, slots: Slots, unit: Unit, told: Sequence[Series], drawn: Sequence[Drawn], top: float) -> Chart:
    names = [slot_name(start, slots.seconds) for start in slots.starts]
    rows = [
        Row(name, tuple(_written(each.values[place], unit.cell) for each in told)) for place, name in enumerate(names)
    ]
    return Chart(
        name=words.name,
        title=words.title,
        sentence=words.sentence,
        empty=not any(value for each in told for value in each.values),
        drawn=tuple(drawn),
        levels=tuple(Level(round(HEIGHT * (1 - share)), unit.axis(top * share)) for share in (1, 0.5, 0)),
        moments=moments(slots.starts, slots.seconds),
        hints=tuple("\n".join(_hint(name, told, place, unit)) for place, name in enumerate(names)),
        columns=tuple(each.label for each in told),
        rows=tuple(reversed(rows)),
    )


def _hint(name: str, told: Sequence[Series], place: int, unit: Unit) -> Iterator[str]:
    """What is zero is not told, unless all of it is."""
    yield name
    values = [(each.label, each.values[place]) for each in told]
    shown = [(label, value) for label, value in values if value] or values[:1]
    for label, value in shown:
        yield f"{label}: {_written(value, unit.exact)}"


def _written(value: float | None, write: Callable[[float], str]) -> str:
    return NOTHING if value is None else write(value)
