"""Where several processes share what they count.

``prometheus_client`` looks at an environment variable when it is imported, and keeps its values in memory or in files
of the folder named there. So this is decided before, in the parent of all, and ``pyproxy.monitoring`` is imported late.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pyproxy.errors import StorageError
from pyproxy.storage.directory import reason

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

FOLDER_NAME = "metrics"
"""Below the storage directory, which one server at a time uses; emptied at each start."""


def share(directory: Path, workers: int) -> None:
    """Decide for this process and those forked from it: files below the storage directory, or memory for one alone.

    Raises `StorageError` where the folder cannot be made.
    """
    os.environ.pop(VARIABLE, None)
    folder = directory / FOLDER_NAME
    shutil.rmtree(folder, ignore_errors=True)
    if workers > 1:
        try:
            folder.mkdir()
        except OSError as error:
            raise StorageError(f"cannot create {folder} ({reason(error)})") from error
        os.environ[VARIABLE] = str(folder)


def shared_folder() -> Path | None:
    """What was decided: the folder, or ``None`` for memory."""
    value = os.environ.get(VARIABLE)
    return None if value is None else Path(value)


def forget_process(pid: int) -> None:
    """A worker died: what it had under way is no more; what it counted stays."""
    if shared_folder() is None:
        return
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(pid)  # type: ignore[no-untyped-call]
