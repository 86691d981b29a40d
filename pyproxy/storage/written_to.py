"""Whether kept bytes are as they were left, as far as two looks at the times of files tell; why: see ``proof``."""

from __future__ import annotations

import os
from pathlib import Path


def is_written_to(path: Path, status: os.stat_result | None = None) -> bool:
    """Whether the bytes at ``path``, of which somebody has the ``status`` already, are newer than their manifest."""
    try:
        return (status or os.stat(path)).st_mtime_ns > os.stat(f"{path}.json").st_mtime_ns
    except OSError:
        return False
