"""Lists of any length for the terminal and for ``grep``: rows are printed as they come, in aligned columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain, islice
from typing import Any

import click

AHEAD = 500
"""Rows that are read before the first is printed, to see how wide the columns are."""

GAP = "  "


def print_columns(headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[str] = ()) -> int:
    """A line with the headings, then a line per row; columns named in ``numbers`` are set to the right. How many rows.

    A cell that is wider than those before it moves the rest of its line. Nothing is printed without rows.
    """
    coming = iter(rows)
    first = list(islice(coming, AHEAD))
    if not first:
        return 0
    widths = [max(len(cell) for cell in column) for column in zip(headings, *first, strict=True)]
    right = [heading in numbers for heading in headings]
    count = -1
    lines = (_line(cells, widths, right) for cells in chain([headings], first, coming))
    while batch := list(islice(lines, AHEAD)):
        click.echo("\n".join(batch))
        count += len(batch)
    return count


def print_json_array(values: Iterable[Any]) -> None:
    """Data classes as one JSON array, an element per line, written as they come."""
    lines: Iterator[str] = (json.dumps(asdict(value)) for value in values)
    click.echo("[", nl=False)
    separator = "\n"
    while batch := list(islice(lines, AHEAD)):
        click.echo(separator + ",\n".join(batch), nl=False)
        separator = ",\n"
    click.echo("\n]")


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    aligned = (
        cell.rjust(width) if to_right else cell.ljust(width)
        for cell, width, to_right in zip(cells, widths, right, strict=True)
    )
    return GAP.join(aligned).rstrip()
