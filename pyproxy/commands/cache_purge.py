"""``pyproxy cache purge``: forget a project, or one of its files."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from pyproxy.admin.amounts import count, data
from pyproxy.commands.beside import file_named, project_named, run_beside, run_removal
from pyproxy.commands.invocation import Invocation

if TYPE_CHECKING:
    from pyproxy.admin.cache.purging import Remembered
    from pyproxy.app.opened import Opened
    from pyproxy.config.model import Config


@click.command(short_help="Forget a PROJECT, or one file of it.")
@click.argument("project")
@click.argument("filename", required=False)
@click.option("--dry-run", is_flag=True, help="Only show what would go.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON, for scripts.")
@click.pass_obj
def purge(invocation: Invocation, project: str, filename: str | None, dry_run: bool, json_wanted: bool) -> None:
    """Forget a PROJECT, or one file of it: pages, cached files, recorded hashes, metadata, failures.

    The next request asks the upstreams as if it were the first. Local files are not touched, and downloads under way
    end well.
    """
    name = project_named(project)
    wanted = None if filename is None else file_named(filename)

    async def work(here: Opened, config: Config) -> tuple[Remembered, bool]:
        from pyproxy.admin.cache.ages import just_stale
        from pyproxy.admin.cache.purging import Purging

        resources = here.resources
        purging = Purging(resources.database, pages=resources.pages, recorded=resources.recorded, files=resources.files)
        remembered = purging.remembered(name, wanted)
        if not dry_run:
            # Also when nothing is there: a running server may hold answers that it could not store.
            settings = [upstream.settings for upstream in resources.upstreams.list(reveal=False)]
            await purging.forget(name, wanted, stale_since=just_stale(config.cache, settings, time.time()))
        return remembered, resources.local is not None and resources.local.has(name)

    gone, local = run_beside(invocation, work) if dry_run else run_removal(invocation, work, name)
    if json_wanted:
        click.echo(json.dumps({**asdict(gone), "dry_run": dry_run, "local": local}, indent=2))
        return
    _print(gone, dry_run=dry_run)
    if local:
        click.echo(f"{name} is local: the files in local.directory are not touched")


def _print(gone: Remembered, *, dry_run: bool) -> None:
    from pyproxy.commands.cache_tables import print_table

    subject = gone.project if gone.filename is None else f"{gone.filename} of {gone.project}"
    if not gone:
        click.echo(f"nothing is kept of {subject}")
        return
    found = [answer.upstream for answer in gone.answers if answer.found]
    missing = [answer.upstream for answer in gone.answers if not answer.found]
    rows = [
        ("pages", str(len(found)), ", ".join(found)),
        ("answers that there is none", str(len(missing)), ", ".join(missing)),
        ("documents of the JSON API", str(gone.documents), ""),
        ("recorded hashes", str(len(gone.recorded)), ", ".join(each.filename for each in gone.recorded)),
        ("metadata read out of wheels", str(gone.extracted), ""),
        ("records of failures", str(gone.failures), ""),
        ("cached files", str(len(gone.files)), data(sum(file.size for file in gone.files))),
    ]
    print_table(("what", "number", ""), [row for row in rows if row[1] != "0"], numbers=("number",))
    freed = f"{count(len(gone.files), 'file')}, {data(gone.freed_bytes)} of disk"
    click.echo(f"{subject} would be forgotten: {freed}" if dry_run else f"{subject} is forgotten: {freed} freed")
