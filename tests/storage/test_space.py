"""Looking how much room the disk has: at once where it may be scarce, now and then where there is plenty."""

from __future__ import annotations

import os
from pathlib import Path

from pyproxy.storage.space import PLENTY_BYTES, PLENTY_SECONDS, FreeSpace


class Time:
    """Seconds, by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Looks(FreeSpace):
    """Counts the looks, at a disk with so many bytes."""

    def __init__(self, free: int, clock: Time) -> None:
        super().__init__(Path("/"), clock)
        self.free = free
        self.count = 0

    def look(self) -> int:
        self.count += 1
        self._seen, self._seen_at = self.free, self._clock()
        return self.free


def test_where_there_is_plenty_the_disk_is_looked_at_once_for_many_files() -> None:
    clock = Time()
    free = Looks(10 * PLENTY_BYTES, clock)
    assert all(free.has(1000) for _ in range(100))
    assert free.count == 1
    clock.now += PLENTY_SECONDS
    assert free.has(1000)
    assert free.count == 2


def test_where_it_becomes_scarce_the_disk_is_looked_at_for_every_file() -> None:
    free = Looks(10 * PLENTY_BYTES, Time())
    assert free.has(1000)
    wanted = 9 * PLENTY_BYTES + 1
    assert free.has(wanted)
    free.free = wanted - 1
    assert not free.has(wanted)
    assert free.count == 3


def test_it_is_what_the_disk_tells_and_nothing_where_it_tells_nothing(tmp_path: Path) -> None:
    disk = os.statvfs(tmp_path)
    assert FreeSpace(tmp_path).has(1)
    assert not FreeSpace(tmp_path).has(disk.f_blocks * disk.f_frsize + 1)
    assert FreeSpace(tmp_path / "nowhere").look() == -1
    assert not FreeSpace(tmp_path / "nowhere").has(0)
