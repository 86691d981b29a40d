"""Measures pyproxy beside nginx and the proxies that people would take instead, each in front of the same index.

``python bench/run.py [--quick] [--only NAME] [--without PEER] [--write]``
"""

from __future__ import annotations

import argparse
import contextlib
import platform
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
from contestants import PEERS, Contestant
from results import OURS, conditions
from running import Run
from scenarios import SCENARIOS
from summary import put_into, summary
from tree import MEGABYTE, make_tree

ROUNDS = 3
LONGEST_RUN_SECONDS = 3600.0
NEEDED_BYTES = 20_000 * MEGABYTE
QUICK_BYTES = 5_000 * MEGABYTE
WRITTEN = Path(__file__).with_name("results.md")
README = Path(__file__).resolve().parent.parent / "README.md"


def main() -> None:
    """Make the tree, start the servers, run the rounds, print the table, remove everything."""
    options = _options()
    _require_tools()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    names = options.only or list(SCENARIOS)
    peers = [peer for name, peer in PEERS.items() if name not in options.without and not (peer.slow and options.alone)]
    with tempfile.TemporaryDirectory(prefix="pyproxy-bench-") as name:
        try:
            rounds = 1 if options.quick else options.rounds
            text, shown, said, failed = _measure(Path(name), names, peers, rounds, quick=options.quick)
        except servers.NotStarted as error:
            sys.exit(str(error))
    print("\n" + text)
    if failed:
        sys.exit("some scenarios failed, see above; nothing is written")
    if options.write:
        WRITTEN.write_text(f"# Results\n\nWhat the figures mean is told in [README.md](README.md).\n\n{text}")
        README.write_text(put_into(README.read_text(), shown, said))


def _measure(
    scratch: Path, names: Sequence[str], peers: Sequence[Contestant], rounds: int, *, quick: bool
) -> tuple[str, str, str, bool]:
    """The whole table with what belongs to it, the README's, what is to be known of the run; and whether any failed."""
    needed = QUICK_BYTES if quick else NEEDED_BYTES
    if shutil.disk_usage(scratch).free < needed:
        sys.exit(f"{scratch.parent} has less than {needed // MEGABYTE} MB free; set TMPDIR to a larger disk")
    _say("making the tree")
    huge, several, needing = (300, 30, 20) if quick else (1000, 1000, 100)
    tree = make_tree(
        scratch / "tree", huge_bytes=huge * MEGABYTE, several_bytes=several * MEGABYTE, needing_projects=needing
    )
    with contextlib.ExitStack() as running:
        upstream = running.enter_context(servers.nginx(scratch / "nginx", tree.root))
        warm = {"nginx": upstream, OURS: running.enter_context(servers.pyproxy(scratch / "warm", upstream))}
        for number, peer in enumerate(peers):
            warm[peer.name] = running.enter_context(peer.start(scratch / f"warm-{number}", upstream))
        run = Run(scratch, tree, warm, peers, quick)
        failed = _rounds(run, names, rounds)
    installed = {peer.name: peer.version() for peer in peers if peer.slow}
    versions = {"nginx": servers.nginx_version(), **installed}
    versions["Python"] = platform.python_version()
    others = ["nginx", *(peer.name for peer in peers)]
    said = conditions(rounds, versions)
    text = f"{run.results.table(others)}\n\n{said}\n"
    if run.complaints:
        text += "\nLeft out:\n\n" + "".join(f"- {complaint}\n" for complaint in dict.fromkeys(run.complaints))
    return text, summary(run.results, others), said, failed


def _rounds(run: Run, names: Sequence[str], rounds: int) -> bool:
    """Whether any scenario failed."""
    deadline, failed = time.monotonic() + LONGEST_RUN_SECONDS, False
    for run.results.round in range(rounds):
        for name in names:
            if time.monotonic() > deadline:
                _say("the time is up: the table holds what was measured so far")
                return failed
            _say(f"round {run.results.round + 1} of {rounds}: {name}")
            try:
                SCENARIOS[name](run)
            except (load.WrongAnswer, servers.NotStarted, OSError, subprocess.SubprocessError) as error:
                _say(f"{name} failed: {error}")
                failed = True
    return failed


def _require_tools() -> None:
    for program in ("nginx", "wrk"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is missing: apt-get install {program}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round: does everything work?")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"{ROUNDS} where nothing else is said")
    parser.add_argument("--only", action="append", choices=SCENARIOS, metavar="NAME",
                        help=f"one scenario (may be repeated): {', '.join(SCENARIOS)}")
    parser.add_argument("--without", action="append", default=[], choices=PEERS, metavar="PEER",
                        help=f"leave one out (may be repeated): {', '.join(PEERS)}")
    parser.add_argument("--alone", action="store_true", help="only pyproxy and nginx: no peer is installed")
    parser.add_argument("--write", action="store_true", help=f"keep the table in {WRITTEN.name}, and the README's")
    return parser.parse_args()


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
