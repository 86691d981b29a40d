"""``pyproxy cache refresh``: ask for projects again now."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from pyproxy.admin.cache.wording import said_words
from pyproxy.commands.beside import project_named, run_beside
from pyproxy.commands.exits import Failure
from pyproxy.commands.invocation import Invocation
from pyproxy.simple.model import NormalizedName

if TYPE_CHECKING:
    from pyproxy.admin.cache.refreshing import Refreshed
    from pyproxy.app.opened import Opened
    from pyproxy.config.model import Config

AT_ONCE = 4
"""Projects asked for at the same time: an upstream must not take us for a flood."""

NAMED = 5
"""Projects named in the last line, of all that were not refreshed."""


@click.command()
@click.argument("projects", nargs=-1, required=True, metavar="PROJECT...")
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array, for scripts.")
@click.pass_obj
def refresh(invocation: Invocation, projects: tuple[str, ...], json_wanted: bool) -> None:
    """Ask the upstreams for projects again now, and say what each said.

    A running server shows what is new within a second. The exit status is 1 if an upstream could not be asked on which
    the answer depends; what was known before then goes on counting.
    """
    names = list(dict.fromkeys(project_named(project) for project in projects))

    async def work(here: Opened, config: Config) -> list[Refreshed]:
        return await _refresh(here, config, names)

    found = run_beside(invocation, work)
    if json_wanted:
        click.echo(json.dumps([{**asdict(each), "ok": each.ok} for each in found], indent=2))
    else:
        for each in found:
            click.echo("\n".join(_lines(each)))
    failed = [each.project for each in found if not each.ok]
    if failed:
        more = f" and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
        raise Failure(f"not fully refreshed: {', '.join(failed[:NAMED])}{more}")


async def _refresh(here: Opened, config: Config, names: list[NormalizedName]) -> list[Refreshed]:
    from pyproxy.admin.cache.ages import just_stale
    from pyproxy.admin.cache.refreshing import Refreshing
    from pyproxy.commands.progress import steps_progress
    from pyproxy.storage.json_documents import JsonDocumentStore

    resources = here.resources
    stored = resources.upstreams.list(reveal=False)
    stale_since = just_stale(config.cache, [upstream.settings for upstream in stored], time.time())
    documents = JsonDocumentStore(resources.database)
    refreshing = Refreshing(here.chain.current, resources.pages, documents, stored, stale_since=stale_since)
    turns = asyncio.Semaphore(AT_ONCE)
    with steps_progress() as progress:
        task = progress.add_task("asking", total=len(names))

        async def one(name: NormalizedName) -> Refreshed:
            async with turns:
                refreshed = await refreshing.refresh(name)
            progress.advance(task)
            return refreshed

        try:
            return await asyncio.gather(*map(one, names))
        finally:
            await resources.pages.announce()


def _lines(refreshed: Refreshed) -> list[str]:
    project = refreshed.project
    if refreshed.local:
        return [f"{project}: is local; no upstream is asked, and a running server notices new files by itself"]
    lines = [f"{project}: {said.upstream}: {said_words(said)}" for said in refreshed.said]
    if refreshed.problem:
        lines.append(f"{project}: {refreshed.problem}")
    elif refreshed.owner is None and refreshed.ok:
        lines.append(f"{project}: no upstream has it")
    return lines
