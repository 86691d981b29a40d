"""Lists of projects are complete, in order and without repeats, in every order, in both directions."""

from __future__ import annotations

from typing import get_args

import pytest

from pyproxy.storage.database import Database
from pyproxy.storage.projects import Place, ProjectIndex, ProjectTotals, Sort, Stretch, _names_sql, place_of

SORTS: tuple[Sort, ...] = get_args(Sort)

every_sort = pytest.mark.parametrize("sort", SORTS)


def ordered(projects: list[ProjectTotals], sort: Sort, text: str = "") -> list[ProjectTotals]:
    matching = (each for each in projects if text in each.project)
    return sorted(matching, key=lambda each: (-place_of(each, sort).key, each.project))


@every_sort
@pytest.mark.parametrize("text", ["", "py", "k-0", "11", "nothing"])
@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_stretch_after_stretch_gives_each_project_once(
    database: Database, projects: list[ProjectTotals], sort: Sort, text: str, limit: int
) -> None:
    found: list[ProjectTotals] = []
    index, after = ProjectIndex(database), None
    while part := index.stretch(Stretch(text=text, sort=sort, after=after, limit=limit)):
        assert len(part) <= limit
        found += part
        after = place_of(part[-1], sort)
    assert found == ordered(projects, sort, text)
    assert index.count(text) == len(found)


@every_sort
def test_backwards_is_the_same_list_from_its_end(
    database: Database, projects: list[ProjectTotals], sort: Sort
) -> None:
    found: list[ProjectTotals] = []
    index, after = ProjectIndex(database), None
    while part := index.stretch(Stretch(text="py", sort=sort, after=after, backwards=True, limit=7)):
        found += part
        after = place_of(part[-1], sort)
    assert found == ordered(projects, sort, "py")[::-1]


@every_sort
def test_a_place_that_has_gone_still_is_one(database: Database, projects: list[ProjectTotals], sort: Sort) -> None:
    """The last project of a page was purged before the next page was asked for."""
    expected = ordered(projects, sort)
    gone = expected[40]
    database.write_now(lambda connection: connection.execute("DELETE FROM projects WHERE project = ?", [gone.project]))
    after = Stretch(sort=sort, after=place_of(gone, sort), limit=3)
    assert ProjectIndex(database).stretch(after) == expected[41:44]


@every_sort
@pytest.mark.parametrize("after", [None, Place(1.0, "py")])
@pytest.mark.parametrize("backwards", [False, True])
def test_no_stretch_sorts_or_reads_more_than_an_index(
    database: Database, sort: Sort, after: Place | None, backwards: bool
) -> None:
    sql = _names_sql(Stretch(text="py", sort=sort, after=after, backwards=backwards))
    values = {"text": "py", "limit": 5, "key": 1.0, "project": "py"}
    plan = " / ".join(row["detail"] for row in database.all(f"EXPLAIN QUERY PLAN {sql}", values))
    assert "TEMP B-TREE" not in plan
    assert "COVERING INDEX" in plan or sort == "name"


def test_the_largest_have_bytes(database: Database, projects: list[ProjectTotals]) -> None:
    largest = ProjectIndex(database).largest(100)
    assert largest == [each for each in ordered(projects, "size") if each.bytes]
