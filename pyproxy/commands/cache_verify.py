"""``pyproxy cache verify``: read every cached file, and remove what is damaged."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from pyproxy.admin.amounts import count, data
from pyproxy.commands.beside import project_named, run_beside
from pyproxy.commands.columns import print_columns
from pyproxy.commands.exits import Failure
from pyproxy.commands.invocation import Invocation
from pyproxy.simple.model import NormalizedName

if TYPE_CHECKING:
    from pyproxy.admin.cache.verifying import Progress, Verifying
    from pyproxy.app.opened import Opened
    from pyproxy.config.model import Config
    from pyproxy.storage.inspection import Finding

REDRAW_SECONDS = 0.2


@click.command()
@click.option("--project", metavar="NAME", help="Only the files of this project.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON, for scripts.")
@click.pass_obj
def verify(invocation: Invocation, project: str | None, json_wanted: bool) -> None:
    """Read every cached file and compare it with its sha256. A damaged copy is named and removed.

    The next request fetches it again. The exit status is 1 if there was damage. It may run beside a server, and may be
    ended with Ctrl-C at any time.
    """
    from pyproxy.admin.cache.verifying import Verifying

    name = None if project is None else project_named(project)
    findings: list[Finding] = []
    progress: list[Progress] = []

    async def work(here: Opened, config: Config) -> None:
        verifying = Verifying(here.resources.database, here.resources.files, found=findings.append)
        progress.append(verifying.progress)
        await _run(verifying, name)

    stopped = False
    try:
        run_beside(invocation, work)
    except KeyboardInterrupt:
        stopped = True
    read = asdict(progress[0]) if progress else {"files": 0, "bytes": 0}
    damaged = [finding for finding in findings if finding.outcome != "found again"]
    if json_wanted:
        report = {"files": read["files"], "bytes": read["bytes"], "complete": not stopped}
        click.echo(json.dumps({**report, "findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        _print(findings)
        click.echo(f"{count(read['files'], 'file')}, {data(read['bytes'])} read: {_verdict(findings, damaged)}")
    if stopped:
        raise Failure("verify was stopped before its end; nothing is harmed, begin again at any time")
    if damaged:
        raise Failure(f"{count(len(damaged), 'damaged entry', 'damaged entries')} found; see above")


async def _run(verifying: Verifying, name: NormalizedName | None) -> None:
    from pyproxy.commands.progress import bytes_progress

    with bytes_progress() as bar:
        task = bar.add_task("verifying", total=None)

        async def draw() -> None:
            while True:
                bar.update(task, total=verifying.progress.total_bytes, completed=verifying.progress.bytes)
                await asyncio.sleep(REDRAW_SECONDS)

        drawing = asyncio.create_task(draw())
        try:
            await verifying.run(name)
        finally:
            drawing.cancel()


def _print(findings: list[Finding]) -> None:
    rows = (
        (finding.outcome, finding.sha256, ", ".join(finding.filenames) or "-", finding.problem) for finding in findings
    )
    print_columns(("", "sha256", "file", "problem"), rows)


def _verdict(findings: list[Finding], damaged: list[Finding]) -> str:
    found_again = len(findings) - len(damaged)
    again = f"; {count(found_again, 'file')} found again that the database did not know" if found_again else ""
    if not damaged:
        return f"no damage{again}"
    return f"{count(len(damaged), 'damaged entry', 'damaged entries')}{again}"
