"""Where the workers of a server keep what they count: in files of a folder, so that any of them tells of all.

``prometheus_client`` looks at an environment variable when it is imported. So this is called before, and
``pyproxy.monitoring`` is imported late.

A worker's files bear its number. The next worker with that number goes on counting where it ended: counters never fall,
and however often workers are replaced, there are no more files than workers lived at once.

They are mapped into memory. A page of a mapped file for which the disk has no room kills whoever writes to it (SIGBUS),
so their room is taken before anything is counted.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from pyproxy.errors import StorageError
from pyproxy.storage.directory import reason

log = logging.getLogger(__name__)

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

FOLDER_NAME = "metrics"
"""Below the storage directory, which one server at a time uses; emptied at each start."""

ROOM = {"counter": 512 * 1024, "histogram": 512 * 1024, "gauge_livesum": 64 * 1024, "gauge_livemax": 64 * 1024}
"""Bytes for each kind of values: enough for some forty upstreams. With more, a file grows as the disk has it."""


def make_folder(directory: Path) -> None:
    """In the supervisor: an empty folder below the storage directory. Raises `StorageError` where it cannot be made."""
    folder = directory / FOLDER_NAME
    try:
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
    except OSError as error:
        raise StorageError(f"cannot make an empty {folder} ({reason(error)})") from error


def count_in(directory: Path, number: int) -> None:
    """In a worker, before anything is counted: from now on in the shared folder, as this number.

    Where the disk has no room for that, in its own memory.
    """
    try:
        _take_room(directory / FOLDER_NAME, number)
    except OSError as error:
        log.warning("other workers' /metrics leave out what this one counts: no room to share it (%s)", reason(error))
        os.environ.pop(VARIABLE, None)
        return
    os.environ[VARIABLE] = str(directory / FOLDER_NAME)
    from prometheus_client import values

    values.ValueClass = values.MultiProcessValue(lambda: number)  # type: ignore[no-untyped-call]


def _take_room(folder: Path, number: int) -> None:
    for kind, size in ROOM.items():
        place = folder / f"{kind}_{number}.db"
        if place.exists():
            continue
        beside = place.with_suffix(".new")  # else another worker could read it while it is empty, which it never is
        try:
            beside.write_bytes(bytes(size))
            beside.rename(place)
        except OSError:
            beside.unlink(missing_ok=True)
            raise


def shared_folder() -> Path | None:
    """The folder; ``None`` where this process counts for itself alone, in memory."""
    value = os.environ.get(VARIABLE)
    return None if value is None else Path(value)


def forget_worker(directory: Path, number: int) -> None:
    """In the supervisor: this worker is gone. What it had under way is no more; what it counted stays."""
    for gauges in (directory / FOLDER_NAME).glob(f"gauge_live*_{number}.db"):
        gauges.unlink(missing_ok=True)
