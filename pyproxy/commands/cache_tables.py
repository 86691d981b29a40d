"""How ``pyproxy cache`` shows figures and lists to people."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pyproxy.admin.amounts import ago, count, data
from pyproxy.admin.cache.statistics import Statistics
from pyproxy.commands.columns import print_columns
from pyproxy.storage.kept import KeptAnswer, KeptFile, KeptProject

WIDTH_OF_A_FILE = 200
"""Columns when the output is no terminal, so that nothing is cut or folded for ``grep``."""

SHORT_HASH = 12
"""Digits of a sha256 that are shown; JSON has them all."""


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[str] = ()) -> None:
    """A small table; columns named in ``numbers`` are set to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold", justify="right" if heading in numbers else "left")
    for row in rows:
        # As plain text: names of files may look like markup.
        table.add_row(*(Text(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE, highlight=False).print(table)


def print_statistics(found: Statistics, now: float) -> None:
    """Two tables: all together, and each upstream's share."""
    totals = found.totals
    limit = "no limit (storage.max_size)" if found.max_size is None else f"of {data(found.max_size)} (storage.max_size)"
    short = found.free_bytes < found.min_free
    least, latest = totals.least_recent_use, totals.latest_use
    rows = [
        ("storage", found.directory),
        ("projects", f"{totals.projects:,} found, {count(totals.missing, 'answer')} that there is none"),
        ("pages", f"{totals.pages:,}, {data(totals.page_bytes)} compressed"),
        ("cached files", f"{totals.files:,}, {data(totals.file_bytes)}, {limit}"),
        ("used", "never" if least is None or latest is None else f"last {ago(latest, now)}, oldest {ago(least, now)}"),
        ("free disk", f"{data(found.free_bytes)}; below {data(found.min_free)} (storage.min_free) nothing is kept"),
        ("arriving", f"{count(found.arriving.files, 'file')}, {data(found.arriving.bytes)} so far"),
        ("recorded hashes", f"{totals.recorded_hashes:,}"),
        ("database", f"{data(totals.database_bytes)}, {data(totals.database_free_bytes)} of it unused"),
    ]
    print_columns(("", ""), rows)
    if short:
        click.echo("warning: less than storage.min_free is left: new files are served, but not kept")
    print_table(
        ("upstream", "pages", "no such project", "files", "size"),
        [
            (
                each.upstream + ("" if each.active else " (off)" if each.configured else " (removed)"),
                f"{each.pages:,}",
                f"{each.missing:,}",
                f"{each.files:,}",
                data(each.file_bytes),
            )
            for each in found.upstreams
        ],
        numbers=("pages", "no such project", "files", "size"),
    )


def print_projects(projects: Iterable[KeptProject], now: float) -> None:
    """A line per project, printed as they come."""
    rows = (
        (
            project.project,
            project.upstream or "-",
            str(project.files),
            data(project.bytes),
            "-" if project.checked_at is None else ago(project.checked_at, now),
            "-" if project.last_used is None else ago(project.last_used, now),
        )
        for project in projects
    )
    headings = ("project", "upstream", "files", "size", "page confirmed", "last used")
    if not print_columns(headings, rows, numbers=("files", "size")):
        click.echo("Nothing is kept yet.")


def print_files(
    project: str, files: Sequence[KeptFile], answers: Sequence[KeptAnswer], *, local: bool, now: float
) -> None:
    """A line per cached file, and what the upstreams said."""
    if local:
        click.echo(f"{project} is local: its own files are in local.directory, and are not listed here.")
    for answer in answers:
        said = "has a page" if answer.found else "says that there is no such project"
        click.echo(f"upstream {answer.upstream} {said}; confirmed {ago(answer.checked_at, now)}")
    rows = (
        (
            file.filename,
            data(file.size),
            file.sha256[:SHORT_HASH],
            file.upstream,
            ago(file.kept_at, now),
            ago(file.last_used, now),
            str(file.uses),
        )
        for file in files
    )
    headings = ("file", "size", "sha256", "upstream", "kept", "last used", "uses")
    if not print_columns(headings, rows, numbers=("size", "uses")):
        click.echo(f"No file of {project} is cached." if answers or local else f"Nothing is kept of {project}.")
