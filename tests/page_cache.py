"""Whether the file system of the tests tells what lies in memory: without it files are read in threads, and sent so."""

from __future__ import annotations

import tempfile

import pytest

from pyproxy.net.file_reads import is_at_hand


def _tells() -> bool:
    with tempfile.TemporaryFile() as stream:
        stream.write(b"x")
        stream.flush()
        return is_at_hand(stream.fileno(), 0)


needs_page_cache = pytest.mark.skipif(not _tells(), reason="this file system does not tell what lies in memory")
