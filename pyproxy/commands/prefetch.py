"""``pyproxy prefetch``: fetch into the cache what requirement files and lock files list."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from pyproxy.admin.amounts import count
from pyproxy.commands.beside import run_beside
from pyproxy.commands.exits import Failure
from pyproxy.commands.invocation import Invocation

if TYPE_CHECKING:
    from pyproxy.admin.prefetch.asking import Asking
    from pyproxy.admin.prefetch.model import Asked, Report
    from pyproxy.admin.prefetch.prefetching import Prefetching
    from pyproxy.admin.prefetch.sources import Source
    from pyproxy.app.opened import Opened
    from pyproxy.config.model import Config
    from pyproxy.requirements.fitting import Formats

JOBS = 8
"""Pages or files asked for at the same time: enough to fill a line, and no flood for an upstream."""

MOST_JOBS = 64

REDRAW_SECONDS = 0.2


@click.command(short_help="Fetch into the cache what requirement and lock files list.")
@click.option(
    "-r",
    "--requirement",
    "files",
    multiple=True,
    required=True,
    metavar="FILE",
    help="A requirements.txt, uv.lock, pylock.toml or poetry.lock; may be given several times.",
)
@click.option(
    "--python-version", "pythons", multiple=True, metavar="X.Y", help="For this Python; may be given several times."
)
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    metavar="TAG",
    help="For this platform, such as manylinux_2_28_x86_64, macosx_14_0_arm64, win_amd64; may be given several times.",
)
@click.option("--all-platforms", is_flag=True, help="Every file of each release, whatever it is for.")
@click.option("--no-binary", "no_binary", multiple=True, metavar="NAMES", help="Sdists of these projects; or :all:.")
@click.option("--only-binary", "only_binary", multiple=True, metavar="NAMES", help="Wheels only; names, or :all:.")
@click.option("--pre", is_flag=True, help="Requirements may choose pre-releases.")
@click.option("--with-metadata", is_flag=True, help="Also the metadata of all wheels of each release.")
@click.option(
    "--jobs",
    type=click.IntRange(1, MOST_JOBS),
    default=JOBS,
    show_default=True,
    metavar="N",
    help="So many at the same time.",
)
@click.option("--dry-run", is_flag=True, help="Ask for pages only, and show what would be fetched.")
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object, for scripts.")
@click.pass_obj
def prefetch(
    invocation: Invocation,
    files: tuple[str, ...],
    pythons: tuple[str, ...],
    platforms: tuple[str, ...],
    all_platforms: bool,
    no_binary: tuple[str, ...],
    only_binary: tuple[str, ...],
    pre: bool,
    with_metadata: bool,
    jobs: int,
    dry_run: bool,
    json_wanted: bool,
) -> None:
    """Fetch into the cache what FILEs list, so that installing it needs no upstream.

    Only what a file lists is fetched, as by pip download --no-deps: a lock file lists all, a requirements.txt with
    bare names does not list what those need. Make it whole first: uv pip compile, pip-compile.

    Without --python-version and --platform: for the Python that runs pyproxy, on this machine. What is cached is not
    fetched again, so after Ctrl-C or a failure run it again. It may run beside a server, or without one. The exit
    status is 1 if something could not be had.
    """
    from pyproxy.admin.prefetch.model import Asked
    from pyproxy.admin.prefetch.prefetching import prepare
    from pyproxy.commands.prefetch_output import print_json, print_report
    from pyproxy.requirements.targets import make_targets

    if all_platforms and (pythons or platforms):
        raise click.UsageError(
            "--all-platforms leaves nothing to choose: give it without --python-version and --platform"
        )
    asked = Asked(
        targets=() if all_platforms else make_targets(pythons, platforms),
        everything=all_platforms,
        metadata=with_metadata,
        jobs=jobs,
        dry_run=dry_run,
    )
    asking, report = prepare(asked, _sources(invocation, files, _formats(no_binary, only_binary), pre=pre))

    async def work(here: Opened, config: Config) -> None:
        await _run(here, config, asked, asking, report)

    stopped = False
    try:
        run_beside(invocation, work, create=True)
    except KeyboardInterrupt:
        stopped = True
    (print_json if json_wanted else print_report)(report, asked)
    failed = len(report.of("failed"))
    if stopped:
        raise Failure("prefetch was stopped before its end; what has come is kept, run it again to go on")
    if failed:
        raise Failure(f"{count(failed, 'file')} could not be had; see above")


def _formats(no_binary: tuple[str, ...], only_binary: tuple[str, ...]) -> Formats:
    from pyproxy.requirements.fitting import Formats

    formats = Formats()
    for option, values in (("--no-binary", no_binary), ("--only-binary", only_binary)):
        for value in values:
            formats = formats.changed(option, value)
    return formats


def _sources(invocation: Invocation, files: tuple[str, ...], formats: Formats, *, pre: bool) -> list[Source]:
    """Read all of them before anybody is asked for anything."""
    from pyproxy.admin.prefetch.sources import read_source

    return [read_source(name, invocation.environ, formats, pre=pre) for name in dict.fromkeys(files)]


async def _run(here: Opened, config: Config, asked: Asked, asking: Asking, report: Report) -> None:
    from pyproxy.admin.prefetch.prefetching import Prefetching

    resources = here.resources
    prefetching = Prefetching(
        here.chain.current, resources.workshop, resources.files, asked, report, max_size=config.storage.max_size
    )
    drawing = asyncio.create_task(_draw(prefetching))
    try:
        await prefetching.run(asking)
    finally:
        drawing.cancel()
        await resources.pages.announce()


async def _draw(prefetching: Prefetching) -> None:
    """A bar of the pages that are asked for, then one of the bytes that come."""
    from pyproxy.commands.progress import bytes_progress, steps_progress

    progress = prefetching.progress
    with steps_progress() as bar:
        task = bar.add_task("asking", total=progress.total_projects)
        while not progress.fetching:
            bar.update(task, total=progress.total_projects, completed=progress.projects)
            await asyncio.sleep(REDRAW_SECONDS)
    with bytes_progress() as bar:
        task = bar.add_task("fetching", total=progress.total_bytes)
        while True:
            description = f"fetching, {progress.files}/{progress.total_files} files"
            bar.update(task, completed=progress.bytes, description=description)
            await asyncio.sleep(REDRAW_SECONDS)
