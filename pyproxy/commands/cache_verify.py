"""``pyproxy cache verify``: read every cached file, and remove what is damaged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pyproxy.admin.amounts import count, data
from pyproxy.commands.beside import project_named, run_beside
from pyproxy.commands.columns import print_columns
from pyproxy.commands.exits import Failure
from pyproxy.commands.invocation import Invocation
from pyproxy.simple.model import NormalizedName

if TYPE_CHECKING:
    from pyproxy.app.opened import Opened
    from pyproxy.config.model import Config
    from pyproxy.storage.inspection import Finding

T = TypeVar("T")

REDRAW_SECONDS = 0.2


@click.command()
@click.option("--project", metavar="NAME", help="Only the files of this project.")
@click.option("--rebuild", is_flag=True, help="Make the index of files again from their manifests first.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON, for scripts.")
@click.pass_obj
def verify(invocation: Invocation, project: str | None, rebuild: bool, json_wanted: bool) -> None:
    """Read every cached file and compare it with its sha256. A damaged copy is named and removed.

    The next request fetches it again. The exit status is 1 if there was damage. It may run beside a server, and may be
    ended with Ctrl-C at any time.

    --rebuild is for a database that was lost or is damaged: stop the server, move the database away with its -wal and
    -shm, then run this. It restores the index of files, and the recorded hashes of upstreams that are there; upstreams,
    users and tokens come from a backup only.
    """
    if project is not None and rebuild:
        raise click.UsageError("--rebuild is for all files: leave --project out")
    name = None if project is None else project_named(project)
    seen = Seen()

    async def work(here: Opened, config: Config) -> None:
        if rebuild:
            seen.rebuilt = await _rebuild(here)
        await _verify(here, name, seen)

    stopped = False
    try:
        run_beside(invocation, work, rebuild=rebuild)
    except KeyboardInterrupt:
        stopped = True
    _report(seen, json_wanted, stopped)
    if stopped:
        raise Failure("verify was stopped before its end; nothing is harmed, begin again at any time")
    if seen.damaged:
        raise Failure(f"{count(len(seen.damaged), 'damaged entry', 'damaged entries')} found; see above")


@dataclass(slots=True)
class Seen:
    """What there was; ``rebuilt`` files were found again by their manifests, ``None`` where nobody looked."""

    files: int = 0
    bytes: int = 0
    rebuilt: int | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def damaged(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.outcome != "found again"]


async def _rebuild(here: Opened) -> int:
    from pyproxy.admin.cache.rebuilding import Rebuilding
    from pyproxy.commands.progress import steps_progress

    rebuilding = Rebuilding(here.resources.files)
    with steps_progress() as bar:
        task = bar.add_task("reading manifests", total=None)

        def draw() -> None:
            bar.update(task, total=rebuilding.progress.total or None, completed=rebuilding.progress.read)

        return await _drawn(rebuilding.run(), draw)


async def _verify(here: Opened, name: NormalizedName | None, seen: Seen) -> None:
    from pyproxy.admin.cache.verifying import Verifying
    from pyproxy.commands.progress import bytes_progress

    verifying = Verifying(here.resources.database, here.resources.files, found=seen.findings.append)
    progress = verifying.progress
    with bytes_progress() as bar:
        task = bar.add_task("verifying", total=None)
        try:
            await _drawn(
                verifying.run(name), lambda: bar.update(task, total=progress.total_bytes, completed=progress.bytes)
            )
        finally:
            seen.files, seen.bytes = progress.files, progress.bytes


async def _drawn(work: Coroutine[Any, Any, T], draw: Callable[[], None]) -> T:
    """What the work comes to; its progress is drawn meanwhile."""

    async def go_on() -> None:
        while True:
            draw()
            await asyncio.sleep(REDRAW_SECONDS)

    drawing = asyncio.create_task(go_on())
    try:
        return await work
    finally:
        drawing.cancel()


def _report(seen: Seen, json_wanted: bool, stopped: bool) -> None:
    if json_wanted:
        report: dict[str, object] = {"files": seen.files, "bytes": seen.bytes, "complete": not stopped}
        if seen.rebuilt is not None:
            report["rebuilt"] = seen.rebuilt
        click.echo(json.dumps({**report, "findings": [asdict(finding) for finding in seen.findings]}, indent=2))
        return
    _print(seen.findings)
    if seen.rebuilt is not None:
        click.echo(f"the index of files is complete: {count(seen.rebuilt, 'file')} found again by their manifests")
    verdict = _verdict(seen.findings, seen.damaged)
    click.echo(f"{count(seen.files, 'file')}, {data(seen.bytes)} read: {verdict}")


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
