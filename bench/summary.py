"""The few rows that the README shows, so that its figures are always those of one kept run."""

from __future__ import annotations

from collections.abc import Sequence

from results import Results, rounded

BEGIN, END = "<!-- written by bench/run.py --write -->\n", "<!-- end -->\n"

ROWS = (
    ("warm page", "1 file", "small project page, requests a second"),
    ("warm page", "1 file: 304", "the same, unchanged since (304)"),
    ("warm page", "5,000 files", "page of 5,000 files, requests a second"),
    ("warm file", "50 kB", "small wheel, requests a second"),
    ("warm file", "100 MB, 1 client", "100 MB file, speed"),
    ("warm file", "1 GB, 8 clients", "1 GB file to eight clients, speed"),
    ("cold file", "100 MB: total", "100 MB file that nobody has asked for, time"),
    ("cold file", "100 MB, upstream at 50MB/s: total", "the same from an upstream that sends 50 MB/s, time"),
    ("50 clients, one cold file of 100 MB", "until the last has it", "50 clients on one such file, time for all"),
    ("uv pip install", "100 wheels, cold", "`uv pip install` of 100 wheels, cold"),
    ("uv pip install", "100 wheels, warm", "`uv pip install` of 100 wheels, warm"),
    ("pip download", "100 wheels, warm", "`pip download` of 100 wheels, warm"),
    ("memory", "idle", "memory of an idle server"),
)
"""Scenario and measure, as the whole table has them, and what they are called."""


def summary(results: Results, others: Sequence[str]) -> str:
    """Markdown: how many times better pyproxy is than each other; below 1 it is worse."""
    lines = [f"| | {' | '.join(others)} |", f"|---|{'--:|' * len(others)}"]
    for scenario, measure, name in ROWS:
        row = results.row(scenario, measure)
        if row is not None:
            ratios = (row.ratio(other) for other in others)
            better = (ratio if row.good == "high" or not ratio else 1 / ratio for ratio in ratios)
            shown = ("–" if ratio is None else rounded(ratio, 2) for ratio in better)
            lines.append(f"| {name} | {' | '.join(shown)} |")
    return "\n".join(lines) + "\n"


def put_into(text: str, table: str, said: str) -> str:
    """The text with the table, and what must be known of the run, between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table}\n{said}\n\n{END}{after}"
