"""How ``pyproxy upstream list`` shows the upstreams: as a table for people, as JSON for scripts. No secrets."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pyproxy.settings import UpstreamSettings, masked, warnings
from pyproxy.storage.upstreams import StoredUpstream

WIDTH_OF_A_FILE = 200
"""Columns when the output is no terminal, so that nothing is cut or folded for ``grep``."""


def as_json(upstreams: Sequence[StoredUpstream]) -> str:
    """A list of objects: every field, with ``priority``, ``index_url`` and ``warnings``."""
    return json.dumps(
        [
            {
                "priority": upstream.priority,
                **masked(upstream.settings),
                "index_url": upstream.settings.index_url,
                "warnings": warnings(upstream.settings),
            }
            for upstream in upstreams
        ],
        indent=2,
    )


def print_table(upstreams: Sequence[StoredUpstream]) -> None:
    """A line per upstream in the order in which they are asked, with the warnings under it."""
    if not upstreams:
        click.echo("There are no upstreams: add one with pyproxy upstream add NAME URL")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("#", "name", "index", "active", "credentials", "projects", "other settings"):
        table.add_column(heading, overflow="fold")
    for upstream in upstreams:
        settings = upstream.settings
        cells = (
            str(upstream.priority),
            settings.name,
            settings.index_url,
            "yes" if settings.active else "no",
            _credentials(settings),
            _projects(settings),
            _others(settings),
        )
        # As plain text: patterns such as [ab]* are no markup.
        table.add_row(*(Text(cell) for cell in cells), style=None if settings.active else "dim")
    Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE).print(table)
    for upstream in upstreams:
        print_warnings(upstream.settings, err=False)


def print_warnings(settings: UpstreamSettings, *, err: bool = True) -> None:
    """A line per warning, on standard error or on standard output."""
    for warning in warnings(settings):
        click.echo(f"warning: upstream {settings.name}: {warning}", err=err)


def _credentials(settings: UpstreamSettings) -> str:
    shown = masked(settings)
    if settings.token is not None:
        return f"token {shown['token']}"
    if settings.username is not None:
        return f"{settings.username}:{shown['password'] or ''}"
    return "none"


def _projects(settings: UpstreamSettings) -> str:
    text = ", ".join(settings.projects) or "all"
    return f"{text} except {', '.join(settings.excluded_projects)}" if settings.excluded_projects else text


def _others(settings: UpstreamSettings) -> str:
    """What is not as it would be without a word, among the fields that have no column of their own."""
    own_columns = {"name", "url", "index_path", "active", "username", "password", "token"}
    own_columns |= {"projects", "excluded_projects"}
    usual = masked(UpstreamSettings(name=settings.name, url=settings.url))
    return " ".join(
        f"{key}={_value(value)}"
        for key, value in masked(settings).items()
        if key not in own_columns and value != usual[key]
    )


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (tuple, list)):
        return ",".join(str(entry) for entry in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
