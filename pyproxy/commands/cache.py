"""``pyproxy cache``: see, refresh, forget, shrink and verify what is kept. A running server follows within a second."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from itertools import islice

import click

from pyproxy.commands.beside import project_named, run_beside
from pyproxy.commands.cache_prune import prune
from pyproxy.commands.cache_purge import purge
from pyproxy.commands.cache_refresh import refresh
from pyproxy.commands.cache_verify import verify
from pyproxy.commands.columns import print_json_array
from pyproxy.commands.invocation import Invocation


@click.group()
def cache() -> None:
    """See, refresh, forget, shrink and verify what is kept.

    It works beside a running server, which follows within a second.
    """


@cache.command(short_help="Show how much is kept, and how much room is left.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON, for scripts.")
@click.pass_obj
def stats(invocation: Invocation, json_wanted: bool) -> None:
    """Show how much is kept, of which upstream, and how much room is left."""
    from pyproxy.admin.cache.statistics import Statistics, statistics
    from pyproxy.app.opened import Opened
    from pyproxy.commands.cache_tables import print_statistics
    from pyproxy.config.model import Config

    async def work(here: Opened, config: Config) -> Statistics:
        storage = config.storage
        return statistics(
            here.resources.database, storage.directory, max_size=storage.max_size, min_free=storage.min_free
        )

    found = run_beside(invocation, work)
    if json_wanted:
        click.echo(json.dumps(asdict(found), indent=2))
    else:
        print_statistics(found, time.time())


@cache.command("list", short_help="Show the kept projects, or the files of one PROJECT.")
@click.argument("project", required=False)
@click.option(
    "--sort",
    type=click.Choice(["name", "size", "used"]),
    default="name",
    help="By name, the largest first, or the most recently used first.",
)
@click.option("--limit", type=click.IntRange(1, 1_000_000_000), metavar="N", help="Print so many projects at most.")
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array, for scripts.")
@click.pass_obj
def list_(invocation: Invocation, project: str | None, sort: str, limit: int | None, json_wanted: bool) -> None:
    """Show the projects of which something is kept, or the cached files of one PROJECT."""
    from typing import cast

    from pyproxy.app.opened import Opened
    from pyproxy.commands.cache_tables import print_files, print_projects
    from pyproxy.config.model import Config
    from pyproxy.storage.kept import Kept, Order

    name = None if project is None else project_named(project)

    async def work(here: Opened, config: Config) -> None:
        kept = Kept(here.resources.database)
        if name is None:
            projects = islice(kept.projects(cast(Order, sort)), limit)
            if json_wanted:
                print_json_array(projects)
            else:
                print_projects(projects, time.time())
            return
        files = islice(kept.files(name), limit)
        if json_wanted:
            print_json_array(files)
        else:
            local = here.resources.local is not None and here.resources.local.has(name)
            print_files(name, list(files), kept.answers(name), local=local, now=time.time())

    run_beside(invocation, work)


for command in (refresh, purge, prune, verify):
    cache.add_command(command)
