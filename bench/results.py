"""The figures of a run, and the table made of them."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Good = Literal["high", "low", "–"]


@dataclass(slots=True)
class Row:
    """One thing that was measured, a figure for each round. ``good``: which way is better."""

    scenario: str
    what: str
    unit: str
    good: Good
    pyproxy: list[float] = field(default_factory=list)
    nginx: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float | None:
        """The median over the rounds of pyproxy's figure divided by nginx's in the same round."""
        pairs = [ours / theirs for ours, theirs in zip(self.pyproxy, self.nginx, strict=False) if theirs]
        return statistics.median(pairs) if pairs else None


class Results:
    """Rows in the order in which they were first measured."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Row] = {}

    def add(
        self, scenario: str, what: str, unit: str, good: Good, *, pyproxy: float, nginx: float | None = None
    ) -> None:
        """One round's figures; ``nginx`` is left out where there is nothing to compare with."""
        row = self._rows.setdefault((scenario, what), Row(scenario, what, unit, good))
        row.pyproxy.append(pyproxy)
        if nginx is not None:
            row.nginx.append(nginx)

    def table(self) -> str:
        """Markdown, the ratios first."""
        lines = ["| scenario | measured | pyproxy / nginx | better | pyproxy | nginx |", "|---|---|--:|---|--:|--:|"]
        for row in self._rows.values():
            ratio = "–" if row.ratio is None else f"{row.ratio:.2f}"
            lines.append(
                f"| {row.scenario} | {row.what} | **{ratio}** | {row.good} "
                f"| {_figure(row.pyproxy, row.unit)} | {_figure(row.nginx, row.unit)} |"
            )
        return "\n".join(lines)


def _figure(values: Sequence[float], unit: str) -> str:
    if not values:
        return "–"
    value = statistics.median(values)
    shown = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{shown} {unit}".rstrip()


def conditions(rounds: int) -> str:
    """What a reader must know of the run: versions, machine, day."""
    asked = subprocess.run(["nginx", "-v"], capture_output=True, text=True, timeout=10)
    nginx = asked.stderr.strip().rpartition("/")[2]
    return (
        f"{time.strftime('%Y-%m-%d', time.gmtime())}, {rounds} rounds, {os.cpu_count()} cores shared by servers and "
        f"clients, load {os.getloadavg()[0]:.1f} at the end, nginx {nginx}, Python {platform.python_version()}, "
        f"{sys.platform}"
    )
