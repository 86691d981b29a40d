"""The few rows that the README shows, so that its figures are always those of one kept run."""

from __future__ import annotations

from collections.abc import Sequence

from results import OURS, Results, rounded

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

CLIENTS = (
    ("uv pip install, good upstream 20 ms away", "`uv pip install`"),
    ("uv lock, good upstream 20 ms away", "`uv lock`"),
    ("pip install, good upstream 20 ms away", "`pip install`"),
    ("uv pip install, poor upstream 20 ms away", "`uv pip install`, poor upstream"),
    ("uv lock, poor upstream 20 ms away", "`uv lock`, poor upstream"),
    ("pip install, poor upstream 20 ms away", "`pip install`, poor upstream"),
    ("uv pip compile, poor upstream 20 ms away", "`uv pip compile`, poor upstream"),
)
"""Scenarios whose times are told against the upstream itself, and what they are called."""

CLIENTS_HEAD = """
The time that clients with empty caches take for 100 projects whose upstream is 20 ms away: through an empty pyproxy,
against asking the upstream directly, and through a full one, against nginx nearby. A poor upstream has bare HTML pages:
no hashes, metadata files, ETags or compression.

| | cold, times direct | warm, times nginx |
|---|--:|--:|
"""


def summary(results: Results, others: Sequence[str]) -> str:
    """Markdown: how many times better pyproxy is than each other, below 1 it is worse; and what clients take."""
    lines = [f"| | {' | '.join(others)} |", f"|---|{'--:|' * len(others)}"]
    for scenario, measure, name in ROWS:
        row = results.row(scenario, measure)
        if row is not None:
            ratios = (row.ratio(other) for other in others)
            better = (ratio if row.good == "high" or not ratio else 1 / ratio for ratio in ratios)
            shown = ("–" if ratio is None else rounded(ratio, 2) for ratio in better)
            lines.append(f"| {name} | {' | '.join(shown)} |")
    return "\n".join(lines) + "\n" + _of_clients(results)


def _of_clients(results: Results) -> str:
    lines = []
    for scenario, name in CLIENTS:
        cold, warm = results.row(scenario, "cold, times direct"), results.row(scenario, "warm")
        ratio = warm.ratio("nginx") if warm is not None else None
        if cold is not None and ratio is not None:
            lines.append(f"| {name} | {cold.shown(OURS)} | {rounded(ratio, 2)} |\n")
    return CLIENTS_HEAD + "".join(lines) if lines else ""


def put_into(text: str, table: str, said: str) -> str:
    """The text with the table, and what must be known of the run, between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table}\n{said}\n\n{END}{after}"
