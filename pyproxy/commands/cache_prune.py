"""``pyproxy cache prune``: make the cache smaller."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from pyproxy.admin.amounts import count, data
from pyproxy.commands.beside import duration_given, run_beside, run_removal, size_given
from pyproxy.commands.invocation import Invocation
from pyproxy.errors import ConfigurationError
from pyproxy.settings.quantities import format_size

if TYPE_CHECKING:
    from pyproxy.admin.cache.pruning import Pruned
    from pyproxy.app.opened import Opened
    from pyproxy.config.model import Config


@click.command(short_help="Remove old files and answers that serve no more.")
@click.option("--max-size", metavar="S", help="Keep at most so much, such as 50GB: the least recently used files go.")
@click.option("--unused-for", metavar="D", help="Remove files that were not used for so long, such as 30d.")
@click.option("--dry-run", is_flag=True, help="Only show what would go.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON, for scripts.")
@click.pass_obj
def prune(
    invocation: Invocation, max_size: str | None, unused_for: str | None, dry_run: bool, json_wanted: bool
) -> None:
    """Remove cached files, the least recently used first, and answers that can never be served again.

    Those are pages that were not confirmed for longer than cache.serve_stale_for, and old answers that there is no such
    project. Without an option, the files are brought below storage.max_size. Files that are being read are read to
    their end; what is removed is fetched again when somebody asks for it.
    """
    size, unused = size_given("--max-size", max_size), duration_given("--unused-for", unused_for)

    async def work(here: Opened, config: Config) -> Pruned:
        limit = size
        if size is None and unused is None:
            limit = config.storage.max_size
            if limit is None:
                raise ConfigurationError(
                    "nothing says how much may stay",
                    suggestion="give --max-size 50GB or --unused-for 30d, or set storage.max_size",
                )
            click.echo(f"note: keeping to storage.max_size, {format_size(limit)}", err=True)
        return await _prune(here, config, limit, unused, dry_run=dry_run)

    pruned = run_beside(invocation, work) if dry_run else run_removal(invocation, work)
    if json_wanted:
        click.echo(json.dumps({**asdict(pruned), "dry_run": dry_run}, indent=2))
    else:
        _print(pruned, dry_run=dry_run)


async def _prune(here: Opened, config: Config, size: int | None, unused: float | None, *, dry_run: bool) -> Pruned:
    from pyproxy.admin.cache.ages import horizon
    from pyproxy.admin.cache.pruning import Pruning
    from pyproxy.commands.progress import bytes_progress
    from pyproxy.storage.pruning import Limits

    now = time.time()
    limits = Limits(size, None if unused is None else now - unused)
    settings = [upstream.settings for upstream in here.resources.upstreams.list(reveal=False)]
    outdated = horizon(config.cache, settings, now)
    pruning = Pruning(here.resources.database, here.resources.files)
    planned = pruning.plan(limits, outdated)
    if dry_run:
        return planned
    with bytes_progress() as progress:
        task = progress.add_task("removing", total=planned.unused.bytes + planned.surplus.bytes)
        return await pruning.prune(limits, outdated, lambda removed: progress.advance(task, removed))


def _print(pruned: Pruned, *, dry_run: bool) -> None:
    from pyproxy.commands.cache_tables import print_table

    files = pruned.unused.files + pruned.surplus.files
    size = pruned.unused.bytes + pruned.surplus.bytes
    rows = [
        ("files not used for long", f"{pruned.unused.files:,}", data(pruned.unused.bytes)),
        ("files least recently used", f"{pruned.surplus.files:,}", data(pruned.surplus.bytes)),
        ("pages too old to be served", f"{pruned.outdated.pages:,}", data(pruned.outdated.page_bytes)),
        ("old answers that there is none", f"{pruned.outdated.missing:,}", ""),
    ]
    print_table(("would go" if dry_run else "gone", "number", "size"), rows, numbers=("number", "size"))
    going = f"{count(files, 'file')}, {data(size)}"
    left = f"{count(pruned.kept.files, 'file')}, {data(pruned.kept.bytes)}"
    if dry_run:
        click.echo(f"would go: {going}; would stay: {left}")
    else:
        click.echo(f"gone: {going}; kept: {left}; given back by the database: {data(pruned.database_bytes)}")
