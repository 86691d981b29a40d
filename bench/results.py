"""The figures of a run, and the table made of them."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Good = Literal["high", "low"]

OURS = "pyproxy"


@dataclass(slots=True)
class Row:
    """One thing that was measured. ``good``: which way is better; ``figures``: by server, then by round."""

    scenario: str
    what: str
    unit: str
    good: Good
    figures: dict[str, dict[int, float]] = field(default_factory=dict)

    def ratio(self, name: str) -> float | None:
        """The median over the rounds of pyproxy's figure divided by the other's in the same round."""
        ours, theirs = self.figures.get(OURS, {}), self.figures.get(name, {})
        pairs = [ours[number] / theirs[number] for number in ours if theirs.get(number)]
        return statistics.median(pairs) if pairs else None

    def shown(self, name: str) -> str:
        """The median of a server's own figures, with its unit."""
        figures = self.figures.get(name)
        if not figures:
            return "–"
        value = statistics.median(figures.values())
        return f"{f'{value:,.0f}' if abs(value) >= 100 else f'{value:.3g}'} {self.unit}".rstrip()


class Results:
    """Rows in the order in which they were first measured; ``round`` is the one that figures are added to."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Row] = {}
        self.round = 0

    def add(self, scenario: str, what: str, unit: str, good: Good, figures: Mapping[str, float]) -> None:
        """This round's figures, by server."""
        row = self._rows.setdefault((scenario, what), Row(scenario, what, unit, good))
        for name, figure in figures.items():
            row.figures.setdefault(name, {})[self.round] = figure

    def row(self, scenario: str, what: str) -> Row | None:
        """One of them, if it was measured."""
        return self._rows.get((scenario, what))

    def table(self, others: Sequence[str]) -> str:
        """Markdown: pyproxy's own figure, then what it is times each other's."""
        head = ["scenario", "measured", "better", OURS, *(f"÷ {name}" for name in others)]
        lines = [_line(head), _line(["---", "---", "---", *("--:" for _ in [OURS, *others])])]
        for row in self._rows.values():
            ratios = (row.ratio(name) for name in others)
            shown = ("–" if ratio is None else rounded(ratio, 3) for ratio in ratios)
            lines.append(_line([row.scenario, row.what, row.good, row.shown(OURS), *shown]))
        return "\n".join(lines)


def rounded(figure: float, digits: int) -> str:
    """With so many digits that mean something, and no exponent."""
    return f"{float(f'{figure:.{digits}g}'):,g}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def conditions(rounds: int, versions: Mapping[str, str]) -> str:
    """What a reader must know of the run: versions, machine, day."""
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"{time.strftime('%Y-%m-%d', time.gmtime())}, rounds: {rounds}. {os.cpu_count()} cores ({_processor()}), "
        f"shared by servers and clients, {_memory_gb():.0f} GB of memory, {platform.system()} {platform.release()}; "
        f"load {os.getloadavg()[0]:.1f} at the end. {named}."
    )


def _memory_gb() -> float:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
