"""What a prefetch says at its end: for people and for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from pyproxy.admin.amounts import count, data
from pyproxy.admin.visible import visible
from pyproxy.commands.columns import print_columns

if TYPE_CHECKING:
    from pyproxy.admin.prefetch.model import Asked, Outcome, Report


def print_json(report: Report, asked: Asked) -> None:
    """One object."""
    document = {
        "complete": report.complete,
        "dry_run": asked.dry_run,
        "targets": [target.label for target in asked.targets],
        "files": [asdict(outcome) for outcome in report.outcomes],
        "skipped": [asdict(skipped) for skipped in report.skipped],
        "notes": report.notes,
    }
    click.echo(json.dumps(document, indent=2))


def print_report(report: Report, asked: Asked) -> None:
    """Notes, what was left out, what could not be had and why, and one line that counts."""
    for note in report.notes:
        click.echo(f"note: {visible(note)}", err=True)
    if asked.dry_run:
        rows = ((each.filename or "", _size(each), each.where) for each in report.of("wanted"))
        print_columns(("would be fetched", "size", "asked for by"), _visible(rows), numbers=("size",))
    for skipped in report.skipped:
        click.echo(visible(f"skipped: {skipped.what} ({skipped.where}): {skipped.reason}"))
    rows = ((_name(each), each.where, each.reason) for each in report.of("failed"))
    print_columns(("could not be had", "asked for by", "why"), _visible(rows))
    click.echo(_summary(report, asked))


def _summary(report: Report, asked: Asked) -> str:
    targets = ", ".join(target.label for target in asked.targets) or "all platforms"
    had = report.of("here", "fetched", "local", "wanted")
    new = report.of("wanted" if asked.dry_run else "fetched")
    parts = [f"{count(len(had), 'file')} for {targets}"]
    verb = "would be fetched" if asked.dry_run else "fetched"
    parts.append(f"{len(new):,} {verb} ({_sum(new)})")
    parts.append(f"{len(report.of('here')):,} here already ({_sum(report.of('here'))})")
    if local := report.of("local"):
        parts.append(f"{len(local):,} local")
    return f"{parts[0]}: {', '.join(parts[1:])}"


def _sum(outcomes: Iterable[Outcome]) -> str:
    sizes = [outcome.size for outcome in outcomes]
    known = data(sum(size or 0 for size in sizes))
    return f"{known} or more" if None in sizes else known


def _name(outcome: Outcome) -> str:
    return outcome.filename or f"{outcome.project} {outcome.version}".rstrip()


def _size(outcome: Outcome) -> str:
    return "-" if outcome.size is None else data(outcome.size)


def _visible(rows: Iterable[tuple[str, ...]]) -> Iterable[tuple[str, ...]]:
    return (tuple(map(visible, row)) for row in rows)
