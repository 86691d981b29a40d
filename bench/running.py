"""The run that scenarios work with: whom they can ask, in which turn, and where their figures go."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import servers
from contestants import Contestant
from load import WrongAnswer
from results import OURS, Results
from servers import NotStarted, Server
from tree import Tree

T = TypeVar("T")


@dataclass(slots=True)
class Run:
    """What scenarios work with. ``quick``: does everything work, rather than how fast.

    ``warm``: servers that run all the time, by name; nginx, with the tree, is ``nginx`` among them.
    """

    scratch: Path
    tree: Tree
    warm: dict[str, Server]
    peers: Sequence[Contestant]
    quick: bool
    results: Results = field(default_factory=Results)
    complaints: list[str] = field(default_factory=list)
    _started: int = 0

    @property
    def seconds(self) -> float:
        """How long wrk asks for one URL."""
        return 1 if self.quick else 3

    @property
    def known_files(self) -> int:
        """How many files a large cache knows."""
        return 10_000 if self.quick else 1_000_000

    @property
    def nginx(self) -> Server:
        """What serves the tree as files."""
        return self.warm["nginx"]

    @contextlib.contextmanager
    def state(self) -> Iterator[Path]:
        """A new directory, not made yet, which is removed afterwards."""
        self._started += 1
        directory = self.scratch / f"state-{self._started}"
        yield directory
        shutil.rmtree(directory, ignore_errors=True)

    @contextlib.contextmanager
    def cold(self, upstream: Server | None = None) -> Iterator[Server]:
        """A new pyproxy with an empty cache, in front of nginx where nothing else is said."""
        with self.state() as directory, servers.pyproxy(directory, upstream or self.nginx) as server:
            yield server

    def each(self, measure: Callable[[Server], T], *, only_fast: bool = False) -> dict[str, T]:
        """``measure`` of every warm server, by name."""
        slow = {peer.name for peer in self.peers if peer.slow}
        names = [name for name in self._in_turn(list(self.warm)) if not (only_fast and name in slow)]
        found = {}
        for name in names:
            with self._forgiven(name):
                found[name] = measure(self.warm[name])
        return found

    def each_cold(self, measure: Callable[[Server], T], *, direct: bool = True) -> dict[str, T]:
        """``measure`` of each contestant started anew with an empty cache, and of nginx itself (``direct``).

        Slow ones take part in the first round only, and not in a quick run.
        """
        starts: dict[str, Callable[[Path], contextlib.AbstractContextManager[Server]]] = {
            OURS: lambda directory: servers.pyproxy(directory, self.nginx)
        }
        if direct:
            starts["nginx"] = lambda _: contextlib.nullcontext(self.nginx)
        for peer in self.peers:
            if not peer.slow or (self.results.round == 0 and not self.quick):
                starts[peer.name] = lambda directory, peer=peer: peer.start(directory, self.nginx)
        found = {}
        for name in self._in_turn(list(starts)):
            with self._forgiven(name), self.state() as directory, starts[name](directory) as server:
                found[name] = measure(server)
        return found

    def _in_turn(self, names: list[str]) -> list[str]:
        by = self.results.round % len(names)
        return names[by:] + names[:by]

    @contextlib.contextmanager
    def _forgiven(self, name: str) -> Iterator[None]:
        """What a peer cannot do is said and left out of the table; pyproxy and nginx have to."""
        try:
            yield
        except (WrongAnswer, NotStarted, OSError) as error:
            if name in (OURS, "nginx"):
                raise
            self.complaints.append(f"{name}: {str(error)[:300]}")
            print(f"{name} failed: {str(error)[:300]}", file=sys.stderr, flush=True)
