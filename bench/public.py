"""Measures what installers take through pyproxy against asking the public index itself, where both are real.

``python bench/public.py [--rounds N] [REQUIREMENT …]``: all else that is measured here stays on this machine, with an
index that is made up. Each client asks the index that pyproxy asks by default, and an empty pyproxy in front of it, in
turn, and then that pyproxy once more.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import installers
import servers
from measure import wait_until_idle
from results import rounded

sys.path.append(str(servers.CHECKOUT))
from pyproxy.config.model import DEFAULT_UPSTREAM

REQUIREMENTS = ("jupyterlab",)
"""It needs some ninety projects."""

ROUNDS = 5

CLIENTS: dict[str, Callable[[str, Sequence[str], int | None, Path], float]] = {
    "uv pip install": installers.uv_pip_install,
    "uv lock": installers.uv_lock,
    "pip install": installers.pip_install,
}


@dataclass(frozen=True, slots=True)
class PublicIndex:
    """A `servers.Upstream` that nobody here has started."""

    url: str = DEFAULT_UPSTREAM.url.rstrip("/")

    @property
    def index_url(self) -> str:
        """What an installer is given."""
        return f"{self.url}/simple/"


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds of one client, in one round."""

    direct: float
    cold: float
    warm: float


def main() -> None:
    """Run the rounds, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"{ROUNDS} where nothing else is said")
    parser.add_argument("requirements", nargs="*", default=REQUIREMENTS, metavar="REQUIREMENT",
                        help=f"what is installed: {' '.join(REQUIREMENTS)} where nothing else is said")
    options = parser.parse_args()
    print("| | direct | cold, times direct | warm, times direct |\n|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory(prefix="pyproxy-bench-") as scratch:
        for name, client in CLIENTS.items():
            measured = _measured(client, options.requirements, options.rounds, Path(scratch))
            cold = statistics.median(each.cold / each.direct for each in measured)
            warm = statistics.median(each.warm / each.direct for each in measured)
            direct = statistics.median(each.direct for each in measured)
            print(f"| `{name}` | {rounded(direct, 2)} s | {rounded(cold, 2)} | {rounded(warm, 2)} |", flush=True)


def _measured(
    client: Callable[[str, Sequence[str], int | None, Path], float],
    requirements: Sequence[str],
    rounds: int,
    scratch: Path,
) -> list[Round]:
    index = PublicIndex()

    def direct() -> float:
        return client(index.index_url, requirements, None, scratch)

    def ours() -> tuple[float, float]:
        with tempfile.TemporaryDirectory(dir=scratch) as state, servers.pyproxy(Path(state), index) as server:
            cold = client(server.index_url, requirements, None, scratch)
            wait_until_idle(server)
            return cold, client(server.index_url, requirements, None, scratch)

    measured = []
    for number in range(rounds + 1):
        if number % 2:
            through, alone = ours(), direct()
        else:
            alone, through = direct(), ours()
        # The first of all reads the client from the disk, and the index what nobody has asked for of late.
        if number:
            measured.append(Round(alone, *through))
    return measured


if __name__ == "__main__":
    main()
