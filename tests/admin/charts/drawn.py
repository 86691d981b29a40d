"""What a chart shows, read back from what is drawn."""

from __future__ import annotations

import re

from pyproxy.admin.charts.model import HEIGHT, Chart

_BAR = re.compile(r"M([\d.]+) ([\d.]+)v-([\d.]+)h([\d.]+)v([\d.]+)z")
_POINT = re.compile(r"([ML])([\d.]+) ([\d.]+)")


def bars(chart: Chart, label: str) -> dict[int, tuple[float, float]]:
    """Slot → floor and height of its bar, both from the ground up; no bar where there is none."""
    (series,) = (each for each in chart.drawn if each.label == label)
    assert _BAR.sub("", series.path) == ""
    found = {}
    for left, floor, up, width, down in _BAR.findall(series.path):
        assert up == down
        assert int(float(left)) <= float(left) < float(left) + float(width) < int(float(left)) + 1
        found[int(float(left))] = (HEIGHT - float(floor), float(up))
    return found


def points(chart: Chart, label: str) -> list[tuple[str, float, float]]:
    """Of a line: how the pen comes (``M`` or ``L``, ``.`` for a dot), slot, and height from the ground up."""
    (series,) = (each for each in chart.drawn if each.label == label)
    assert _POINT.sub("", series.path) == _POINT.sub("", series.dots).replace("h0", "") == ""
    found = [(pen, float(x) - 0.5, HEIGHT - float(y)) for pen, x, y in _POINT.findall(series.path)] + [
        (".", float(x) - 0.5, HEIGHT - float(y)) for _, x, y in _POINT.findall(series.dots)
    ]
    return sorted(found, key=lambda point: point[1])


def column(chart: Chart, label: str) -> list[str]:
    """A column of the table, the oldest slot first."""
    place = chart.columns.index(label)
    return [row.cells[place] for row in reversed(chart.rows)]
