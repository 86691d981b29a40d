"""From every released version to this one: nothing that was kept is lost."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.migrations import applied
from pyproxy.storage.schema import MIGRATIONS
from tests.storage import sample, sample_accounts, sample_history
from tests.storage.schemas.dump import SCHEMAS, dump_sample

ROOT = Path(__file__).parents[2]
DUMPS = sorted(SCHEMAS.glob("*.sql"))

every_version = pytest.mark.parametrize("dump", DUMPS, ids=lambda path: path.stem)


def schema(directory: Path) -> set[tuple[str, str]]:
    """Each thing's name and its statement, however that is broken into lines."""
    with closing(sqlite3.connect(directory / DATABASE_NAME)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {(name, " ".join(sql.split())) for name, sql in rows}


def tables(directory: Path) -> dict[str, int]:
    """How many rows each table has."""
    with closing(sqlite3.connect(directory / DATABASE_NAME)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


@every_version
def test_all_that_a_version_kept_is_there_after_the_upgrade(dump: Path, tmp_path: Path) -> None:
    sample.restore(tmp_path, dump.read_text(encoding="utf-8"))
    before = tables(tmp_path)
    with closing(Database.open(tmp_path / DATABASE_NAME)) as database:
        assert applied(database.read) == {migration.name for migration in MIGRATIONS}
        sample.check(tmp_path, database)
    after = tables(tmp_path)
    assert {name: after.get(name) for name in before if name != "migrations"} == {
        name: count for name, count in before.items() if name != "migrations"
    }


@every_version
def test_an_upgraded_schema_is_that_of_a_new_database(dump: Path, tmp_path: Path) -> None:
    upgraded, new = tmp_path / "upgraded", tmp_path / "new"
    for directory in (upgraded, new):
        directory.mkdir()
    sample.restore(upgraded, dump.read_text(encoding="utf-8"))
    for directory in (upgraded, new):
        Database.open(directory / DATABASE_NAME).close()
    assert schema(upgraded) == schema(new)


@every_version
def test_a_dump_has_a_row_in_every_table(dump: Path, tmp_path: Path) -> None:
    """Else an upgrade that loses that table's rows would pass."""
    sample.restore(tmp_path, dump.read_text(encoding="utf-8"))
    assert [name for name, count in tables(tmp_path).items() if count == 0] == []


async def test_the_sample_of_today_is_found_again(tmp_path: Path) -> None:
    """The next release's dump is made of it."""
    await dump_sample(tmp_path)
    with closing(Database.open(tmp_path / DATABASE_NAME)) as database:
        sample.check(tmp_path, database)
        sample_history.check(database)
        sample_accounts.check(tmp_path, database, sample.box)


def test_every_released_version_has_its_dump() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = set(re.findall(r"^## \[(\d[^\]]*)\]", changelog, flags=re.MULTILINE))
    assert released <= {path.stem for path in DUMPS}
    assert DUMPS, "there is at least the first one"
