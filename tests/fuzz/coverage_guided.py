"""Searches for bytes that break a target, led by the code that they reach: no test, and no part of the default run.

Needs atheris, which is no dependency: ``pip install atheris``, then
``python -m tests.fuzz.coverage_guided wheel --seconds 60``. What breaks it is written to ``crash-…`` in the working
directory and shown with its traceback; it belongs into a test of ``tests/fuzz/``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pyproxy", "packaging", "zipfile", "tarfile", "tomllib"]):
    from tests.fuzz.targets import TARGETS

SLOW_SECONDS = 5
"""Bytes that take longer are reported, too."""

MOST_BYTES = 8192
MEMORY_MB = 1024


def main() -> None:
    """Search for the seconds that were given."""
    parser = argparse.ArgumentParser(description="coverage-guided search for bytes that break a reader")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60)
    given = parser.parse_args()
    target = TARGETS[given.target]
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(target.seeds()):
            (Path(corpus) / f"seed-{number}").write_bytes(seed)
        options = {
            "max_total_time": given.seconds,
            "timeout": SLOW_SECONDS,
            "max_len": MOST_BYTES,
            "rss_limit_mb": MEMORY_MB,
        }
        arguments = [f"-{name}={value}" for name, value in options.items()]
        atheris.Setup([sys.argv[0], *arguments, corpus], target.check)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
