"""Harmed files are remembered: the newest of them, each once."""

from __future__ import annotations

import pytest

from pyproxy.storage import damage
from pyproxy.storage.damage import Damage, damage_since, remember
from pyproxy.storage.database import Database
from pyproxy.storage.manifests import FileName, Manifest


def harmed(number: int) -> Manifest:
    name = FileName(project="x", filename=f"x-{number}.whl", upstream="a", hashes={}, time=1.0)
    return Manifest(sha256=f"{number:064x}", size=1, names=(name,))


def found(database: Database, number: int, at: float, problem: str = "is gone") -> None:
    database.write_now(lambda connection: remember(connection, harmed(number), problem, at))


def test_nothing_is_told_while_nothing_was_harmed(database: Database) -> None:
    assert damage_since(database, 0.0) == Damage()


def test_the_newest_is_told_with_how_many_there_were_since(database: Database) -> None:
    for number in range(3):
        found(database, number, 100.0 + number)
    assert damage_since(database, 101.0) == Damage(2, "x-2.whl", "is gone")
    assert damage_since(database, 103.0) == Damage()


def test_what_is_harmed_again_counts_once(database: Database) -> None:
    found(database, 1, 100.0)
    found(database, 1, 200.0, "its sha256 is another one")
    assert damage_since(database, 0.0) == Damage(1, "x-1.whl", "its sha256 is another one")


def test_only_so_many_are_remembered(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(damage, "REMEMBERED", 3)
    for number in range(8):
        found(database, number, 100.0 + number)
    assert damage_since(database, 0.0) == Damage(3, "x-7.whl", "is gone")
