"""Measures pyproxy against nginx serving the same tree: ``python bench/run.py [--quick] [--only NAME] [--write]``."""

from __future__ import annotations

import argparse
import functools
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import load
import servers
from results import conditions
from scenarios import SCENARIOS, Run
from tree import MEGABYTE, make_tree

ROUNDS = 3
LONGEST_RUN_SECONDS = 1800.0
NEEDED_BYTES = 5_000 * MEGABYTE
WRITTEN = Path(__file__).with_name("results.md")


def main() -> None:
    """Make the tree, start the servers, run the rounds, print the table, remove everything."""
    options = _options()
    _require_tools()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    names = options.only or list(SCENARIOS)
    rounds = 1 if options.quick else ROUNDS
    with tempfile.TemporaryDirectory(prefix="pyproxy-bench-") as name:
        table, failed = _measure(Path(name), names, rounds, quick=options.quick)
    text = f"{table}\n\n{conditions(rounds)}\n"
    print("\n" + text)
    if failed:
        sys.exit("some scenarios failed, see above; nothing is written")
    if options.write:
        WRITTEN.write_text(f"# Results\n\nWhat the figures mean is told in [README.md](README.md).\n\n{text}")


def _measure(scratch: Path, names: Sequence[str], rounds: int, *, quick: bool) -> tuple[str, bool]:
    if shutil.disk_usage(scratch).free < NEEDED_BYTES:
        sys.exit(f"{scratch.parent} has less than {NEEDED_BYTES // MEGABYTE} MB free; set TMPDIR to a larger disk")
    _say("making the tree")
    tree = make_tree(scratch / "tree", huge_bytes=(300 if quick else 1000) * MEGABYTE)
    deadline = time.monotonic() + LONGEST_RUN_SECONDS
    # Kept between runs, so that the package index is asked once.
    tools = Path(tempfile.gettempdir()) / "pyproxy-bench-tools"
    with (
        servers.nginx(scratch / "nginx", tree.root) as upstream,
        servers.pyproxy(scratch / "warm", upstream) as warm,
    ):
        run = Run(scratch, tree, upstream, warm, 1 if quick else 3, functools.partial(load.ready_uv, tools))
        failed = False
        for run.round in range(rounds):
            for name in names:
                if time.monotonic() > deadline:
                    _say("the time is up: the table holds what was measured so far")
                    return run.results.table(), failed
                _say(f"round {run.round + 1} of {rounds}: {name}")
                try:
                    SCENARIOS[name](run)
                except (load.WrongAnswer, OSError, subprocess.SubprocessError) as error:
                    _say(f"{name} failed: {error}")
                    failed = True
        return run.results.table(), failed


def _require_tools() -> None:
    for program in ("nginx", "wrk"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is missing: apt-get install {program}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: does everything work?")
    parser.add_argument("--only", action="append", choices=SCENARIOS, metavar="NAME",
                        help=f"one scenario (may be repeated): {', '.join(SCENARIOS)}")
    parser.add_argument("--write", action="store_true", help=f"keep the table in {WRITTEN.name}")
    return parser.parse_args()


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
