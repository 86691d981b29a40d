"""Search as you type: everything known is found by any part of its name, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from pyproxy.admin.projects.cursor import Cursor
from pyproxy.admin.projects.search import LARGEST_PAGE, FoundPage, ProjectSearch, folded
from pyproxy.errors import NameReserved
from pyproxy.repositories.local import LocalRepository
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.pages import PageStore
from pyproxy.storage.projects import Place, Sort
from pyproxy.storage.upstreams import StoredUpstream
from tests.distributions import make_wheel
from tests.storage.keeping import keep

every_sort = pytest.mark.parametrize("sort", get_args(Sort))


class Upstreams:
    """As a `PriorityRepository` says who may be asked; names that begin with ``reserved`` belong to nobody active."""

    def __init__(self, *upstreams: tuple[int, str]) -> None:
        self._upstreams = [SimpleNamespace(upstream_id=number, name=name) for number, name in upstreams]

    def admitted(self, project: NormalizedName) -> list[Any]:
        if project.startswith("reserved"):
            raise NameReserved(project, ["private"])
        return self._upstreams


@pytest.fixture
def local(tmp_path: Path) -> LocalRepository:
    """The local directory's projects; ``py000`` may be known to the database as well."""
    directory = tmp_path / "local"
    directory.mkdir()
    for name in ("aaa-local", "py-local", "py000", "zzz-local"):
        filename, content, _ = make_wheel(name, "1.0")
        (directory / filename).write_bytes(content)
    return LocalRepository(directory, clock=lambda: 1_000_000.0)


def search_in(database: Database, local: LocalRepository | None = None, *upstreams: tuple[int, str]) -> ProjectSearch:
    priority: Any = Upstreams(*upstreams)
    return ProjectSearch(database, lambda: priority, local)


def names(page: FoundPage) -> list[str]:
    return [project.name for project in page.projects]


async def walk(search: ProjectSearch, text: str, sort: Sort, size: int) -> list[FoundPage]:
    pages = [await search.search(text, sort, size=size)]
    while pages[-1].after is not None:
        cursor = Cursor.read(str(pages[-1].after), sort)
        pages.append(await search.search(text, sort, cursor=cursor, size=size))
    return pages


async def make_known(database: Database, *names: str) -> None:
    rows = [(name, 1, 5, 0, 0.0, 0, 0.0) for name in names]
    await database.write(
        lambda connection: connection.executemany("INSERT INTO projects VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["flask-tool", "my-tool", "tool"]),
        ("tool", ["flask-tool", "my-tool", "tool"]),
        ("  Tool ", ["flask-tool", "my-tool", "tool"]),
        ("My_T", ["my-tool"]),
        ("my.tool", ["my-tool"]),
        ("y--._t", ["my-tool"]),
        ("-", ["flask-tool", "my-tool"]),
        ("k t", ["flask-tool"]),
        ("toolx", []),
    ],
)
async def test_any_part_of_a_name_finds_it_in_any_spelling(database: Database, text: str, found: list[str]) -> None:
    await make_known(database, "my-tool", "flask-tool", "tool")
    page = await search_in(database).search(text, "name")
    assert names(page) == found
    assert page.total == len(found)


@pytest.mark.parametrize(
    "text",
    [
        *("%", "t%l", "*", "[a-z]", "?", "\\", "'", '"', "' OR 1=1 --", "\x00", "tool\x00", "<script>", "tool\ud800"),
        *("\u202etool", "İ", "to" + "o" * 5000, "\u212a", "ſ", "tool;DROP TABLE projects"),
    ],
)
async def test_a_text_that_is_in_no_name_finds_nothing(database: Database, text: str) -> None:
    """LIKE's and GLOB's special characters are none here."""
    await make_known(database, "my-tool", "tool", "tk")
    page = await search_in(database).search(text)
    assert (page.projects, page.total, page.before, page.after, page.text) == ((), 0, None, None, "")
    assert folded(text) is None


async def test_an_underscore_stands_for_itself_and_not_for_any_character(database: Database) -> None:
    await make_known(database, "my-tool", "myxtool")
    assert names(await search_in(database).search("my_tool")) == ["my-tool"]


@every_sort
@pytest.mark.parametrize("text", ["", "py"])
@pytest.mark.parametrize("with_local", [False, True])
async def test_the_pages_together_have_everything_once_and_in_order(
    database: Database, projects: Sequence[Any], local: LocalRepository, sort: Sort, text: str, with_local: bool
) -> None:
    await local.scan()
    await make_known(database, "py-local")  # its page was fetched before it became local
    search = search_in(database, local if with_local else None)
    pages = await walk(search, text, sort, 7)
    found = [name for page in pages for name in names(page)]

    expected = {"py-local", *(each.project for each in projects), *(local.names() if with_local else ())}
    assert sorted(found) == sorted(name for name in expected if text in name)
    assert {page.total for page in pages} == {len(found)}
    assert [page.first for page in pages] == list(range(1, len(found) + 1, 7))
    assert names(await search.search(text, sort, size=200)) == found, "one page is in the same order"


@every_sort
async def test_back_again_leads_over_the_same_pages(
    database: Database, projects: Sequence[Any], local: LocalRepository, sort: Sort
) -> None:
    await local.scan()
    search = search_in(database, local)
    pages = await walk(search, "", sort, 9)
    page = pages[-1]
    for expected in reversed(pages[:-1]):
        assert page.before is not None
        page = await search.search("", sort, cursor=page.before, size=9)
        assert (names(page), page.first, page.total) == (names(expected), expected.first, expected.total)
    assert page.before is None


async def test_what_was_purged_before_the_first_page_leaves_that_page_whole(
    database: Database, projects: Sequence[Any]
) -> None:
    search = search_in(database)
    second = (await walk(search, "", "name", 10))[1]
    first_names = names(await search.search("", "name", size=10))
    await database.write(
        lambda connection: connection.execute("DELETE FROM projects WHERE project = ?", [first_names[0]])
    )
    page = await search.search("", "name", cursor=second.before, size=10)
    assert (len(page.projects), page.before, page.first) == (10, None, 1)
    assert names(page)[:9] == first_names[1:]


async def test_a_page_of_which_nothing_is_left_leads_back(database: Database) -> None:
    await make_known(database, "a", "b")
    page = await search_in(database).search("", "name", cursor=Cursor("name", Place(0, "b"), 2))
    assert (page.projects, page.after) == ((), None)
    assert names(await search_in(database).search("", "name", cursor=page.before)) == ["a", "b"]


async def test_a_page_is_bounded_whatever_is_asked_for(database: Database) -> None:
    await make_known(database, *(f"p{number}" for number in range(LARGEST_PAGE + 1)))
    search = search_in(database)
    assert len((await search.search(size=10**9)).projects) == LARGEST_PAGE
    assert len((await search.search(size=-5)).projects) == 1


async def test_the_owner_is_the_most_trusted_upstream_that_may_be_asked_and_has_a_page(
    database: Database, upstream: StoredUpstream, local: LocalRepository
) -> None:
    await local.scan()
    pages = PageStore(database)
    for name in ("tool", "reserved-tool", "py-local"):
        await pages.put_page(
            upstream.key, NormalizedName(name), tag="tag", body_z=b"", etag=None, last_modified=None, url="u",
            checked_at=5.0,
        )  # fmt: skip
    await make_known(database, "only-kept")
    page = await search_in(database, local, (77, "first"), (upstream.id, "second")).search("", "name")
    assert [(each.name, each.owner, each.local, each.local_files) for each in page.projects] == [
        ("aaa-local", "local", True, 1),
        ("only-kept", None, False, 0),
        ("py-local", "local", True, 1),
        ("py000", "local", True, 1),
        ("reserved-tool", None, False, 0),
        ("tool", "second", False, 0),
        ("zzz-local", "local", True, 1),
    ]
    assert page.projects[-2].totals.checked_at == 5.0


async def test_what_is_kept_is_found_at_once(database: Database, open_store: Any) -> None:
    files = open_store(None)
    await keep(files, b"1234", "x-1.whl", "fresh")
    [found] = (await search_in(database).search("fre")).projects
    assert (found.totals.files, found.totals.bytes) == (1, 4)
