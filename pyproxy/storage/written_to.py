"""Whether kept bytes are as they were left, as far as two looks at the times of files tell; why: see ``proof``."""

from __future__ import annotations

import os
from pathlib import Path


def is_written_to(path: Path) -> bool:
    """Whether the bytes at ``path`` are newer than the manifest beside them."""
    try:
        return os.stat(path).st_mtime_ns > os.stat(f"{path}.json").st_mtime_ns
    except OSError:
        return False
