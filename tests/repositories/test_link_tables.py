"""Links of pages: decoded once, and once more only where nothing else is left of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from pyproxy.repositories.link_tables import LinkTables
from pyproxy.repositories.workshop import Workshop
from pyproxy.simple.model import File, NormalizedName, ProjectDetail
from pyproxy.simple.work import Prepared, prepare_detail


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    workshop = Workshop()
    yield workshop
    workshop.close()


def page(project: str, files: int = 3) -> Prepared:
    listed = (File(filename=f"{project}-{n}.tar.gz", url=f"https://a.example.org/{project}/{n}") for n in range(files))
    return prepare_detail(ProjectDetail(name=NormalizedName(project), files=tuple(listed)))


def decoded(workshop: Workshop) -> int:
    return sum(count for (name, _), count in workshop.runs.items() if name == "links")


async def test_a_page_is_decoded_once_however_many_ask(workshop: Workshop) -> None:
    demo, tables = page("demo"), LinkTables(workshop)
    names = ["demo-0.tar.gz", "demo-1.tar.gz", "demo-1.tar.gz", "other-1.tar.gz"]
    links = await asyncio.gather(*(tables.link(demo.tag, name, lambda: demo.canonical_z) for name in names))
    assert [link and link.url for link in links] == [
        *("https://a.example.org/demo/0", "https://a.example.org/demo/1", "https://a.example.org/demo/1"),
        None,
    ]
    assert decoded(workshop) == 1


async def test_what_was_asked_for_stays_when_its_table_had_to_go(workshop: Workshop) -> None:
    """An install of many projects, and another one (S7)."""
    pages, tables = [page(f"p{number}") for number in range(5)], LinkTables(workshop, limit=6)
    for _ in range(2):
        for number, each in enumerate(pages):
            body = each.canonical_z
            link = await tables.link(each.tag, f"p{number}-1.tar.gz", lambda body=body: body)  # type: ignore[misc]
            assert link is not None
            assert link.url == f"https://a.example.org/p{number}/1"
    assert decoded(workshop) == len(pages)
    await tables.link(pages[0].tag, "p0-2.tar.gz", lambda: pages[0].canonical_z)
    assert decoded(workshop) == len(pages) + 1


async def test_a_page_that_is_gone_lists_nothing(workshop: Workshop) -> None:
    assert await LinkTables(workshop).link("0" * 64, "demo-1.tar.gz", lambda: None) is None
    assert decoded(workshop) == 0
