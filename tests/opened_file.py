"""A file with a content of the test's own, open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def opened_file(path: Path, content: bytes) -> Iterator[int]:
    """Its descriptor, for reading and writing."""
    path.write_bytes(content)
    descriptor = os.open(path, os.O_RDWR)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
