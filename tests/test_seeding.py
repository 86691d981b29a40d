"""The seeding script makes storage directories that a server works with."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.files import FileStore
from pyproxy.storage.inspection import Inspection, Watch
from pyproxy.storage.inventory import Inventory
from pyproxy.storage.projects import ProjectIndex
from tests.seeding import UPSTREAMS, Seed, seed

WATCH = Watch(lambda count: None, lambda: False)


def test_a_seeded_directory_has_what_was_wanted_and_is_sound(tmp_path: Path) -> None:
    seed(tmp_path, Seed(projects=60, files=300, real=20, now=1_700_000_000.0))
    with closing(Database.open(tmp_path / DATABASE_NAME)) as database:
        totals = Inventory(database).totals()
        assert (ProjectIndex(database).count(), totals.projects, totals.files) == (60, 60, 300)
        configured = [each.upstream for each in Inventory(database).by_upstream() if each.configured]
        assert configured == [upstream.name for upstream in UPSTREAMS]
        with closing(FileStore(tmp_path, database)) as files:
            inspection = Inspection(database, files)
            assert list(inspection.strays()) == []
            found = [inspection.check(stated, WATCH) for stated in inspection.stated()]
            assert sum(finding is None for finding in found) == 20, "these are real, and sound"
            assert {finding.problem for finding in found if finding is not None} == {"its bytes are missing"}


def test_the_same_numbers_make_the_same_directory(tmp_path: Path) -> None:
    rows = []
    for name in ("one", "two"):
        seed(tmp_path / name, Seed(projects=20, files=50, real=0, now=1_700_000_000.0))
        with closing(Database.open(tmp_path / name / DATABASE_NAME)) as database:
            rows.append([tuple(row) for row in database.all("SELECT * FROM files", {})])
    assert rows[0] == rows[1]
