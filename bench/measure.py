"""What is seen of a server from outside while it works: its memory, its processor time, the stalls of its loop."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from servers import Server, tree_of
from tree import MEGABYTE

SAMPLE_SECONDS = 0.05
IDLE_CPU_SECONDS = 0.02
"""A server that used no more than this in half a second does nothing but its clocks."""
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Seen:
    """Filled in when the watching ends: the most memory in MB, or the longest stall in milliseconds."""

    most: float = 0.0


def memory_mb(server: Server) -> float:
    """The resident memory of the server's processes together; what they share counts for each."""
    total = 0
    for pid in tree_of(server.pid):
        with contextlib.suppress(OSError):
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    return total / MEGABYTE


def cpu_seconds(server: Server) -> float:
    """The processor time that the server's processes have used so far."""
    ticks = 0
    for pid in tree_of(server.pid):
        with contextlib.suppress(OSError):
            # utime and stime stand twelfth and thirteenth after the name in parentheses, see proc(5).
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def settled_memory_mb(server: Server, *, within: float = 5.0) -> float:
    """The memory once it has stopped to change."""
    deadline = time.monotonic() + within
    before, now = -1.0, memory_mb(server)
    while before != now and time.monotonic() < deadline:
        time.sleep(0.5)
        before, now = now, memory_mb(server)
    return now


def wait_until_idle(server: Server, *, within: float = 10.0) -> None:
    """Wait for what a start leaves to do: of several workers, the first that serves answers for all."""
    deadline = time.monotonic() + within
    before, now = -1.0, cpu_seconds(server)
    while now - before > IDLE_CPU_SECONDS and time.monotonic() < deadline:
        time.sleep(0.5)
        before, now = now, cpu_seconds(server)


@contextlib.contextmanager
def watched_memory(server: Server) -> Iterator[Seen]:
    """The most memory while the block runs."""
    seen, over = Seen(memory_mb(server)), threading.Event()

    def sample() -> None:
        while not over.wait(SAMPLE_SECONDS):
            seen.most = max(seen.most, memory_mb(server))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def watched_loop(server: Server) -> Iterator[Seen]:
    """The longest answer of ``/healthz`` while the block runs, see ``stall.py``."""
    seen = Seen()
    command = [sys.executable, str(Path(__file__).with_name("stall.py")), str(server.port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as watcher:
        try:
            assert watcher.stdout is not None
            watcher.stdout.readline()
            yield seen
            printed, _ = watcher.communicate(timeout=60)
            seen.most = float(printed)
        finally:
            watcher.kill()
