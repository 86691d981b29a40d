"""Databases as they were before a step, for the tests of what that step makes of them."""

from __future__ import annotations

from pyproxy.storage.migrations import Migration
from pyproxy.storage.schema import MIGRATIONS

_NEEDED_TO_WRITE = ("files found again",)
"""Steps that have nothing to do with what later steps sum up; the files of the tests are kept by today's code."""


def schema_before(name: str) -> list[Migration]:
    """The steps before the one of this name, and those without which today's code cannot keep a file."""
    names = [migration.name for migration in MIGRATIONS]
    later = [migration for migration in MIGRATIONS if migration.name in _NEEDED_TO_WRITE]
    return [*MIGRATIONS[: names.index(name)], *later]
