"""How this server came to be: from which file and places its settings are, which process was started, and when."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from pyproxy.admin.settings.overview import Processes


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The same in all workers of a server.

    ``file`` is the configuration that was read, ``sources`` tells where a dotted key was given. ``process`` is the
    id of the process that was started, their supervisor, ``started_at`` when that was, in unix seconds.
    """

    file: Path | None = None
    sources: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    process: int = field(default_factory=os.getpid)
    started_at: float = field(default_factory=time.time)

    def processes(self) -> Processes:
        """Which there are now, as the asking one sees it."""
        answering = os.getpid()
        workers: set[int] = set()
        if answering != self.process:
            workers.add(answering)
            # The supervisor has no other children; those that are leaving after a reload are among them. Where /proc is
            # not Linux's, one knows of oneself alone.
            with contextlib.suppress(OSError, ValueError):
                children = Path(f"/proc/{self.process}/task/{self.process}/children").read_text(encoding="ascii")
                workers.update(map(int, children.split()))
        return Processes(
            main=self.process, workers=tuple(sorted(workers)), answering=answering, started_at=self.started_at
        )
