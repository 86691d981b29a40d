"""Pages as a reader finds his way through them: tables by their captions, links by their words."""

from __future__ import annotations

from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tests.http.admin.browser import Page


def document(page: Page) -> LexborHTMLParser:
    return LexborHTMLParser(page.text)


def words(node: LexborNode) -> str:
    """What stands in it, white space folded."""
    return " ".join(node.text().split())


def section(page: Page, name: str) -> LexborNode:
    """A part of the page, by its id."""
    found = document(page).css_first(f"#{name}")
    assert found is not None, f"there is no #{name} in {page.path}"
    return found


def table(node: LexborNode) -> list[list[str]]:
    """The rows of the first table in it, head first."""
    found = node.css_first("table")
    assert found is not None
    return [[words(cell) for cell in row.css("th, td")] for row in found.css("tr")]


def links(node: LexborNode) -> dict[str, str]:
    """Words → where they lead."""
    return {words(link): link.attributes["href"] or "" for link in node.css("a")}


def figures(page: Page) -> dict[str, str]:
    """The figures at the top of the dashboard: name → what is said of it."""
    return {words(card.css_first("dt")): words(card.css_first("dd")) for card in section(page, "figures").css(".card")}  # type: ignore[arg-type]


def numbers(page: Page, chart: str) -> dict[str, list[int]]:
    """The columns of a chart's table, of counts."""
    head, *rows = table(section(page, f"chart-{chart}"))
    columns = zip(*(row[1:] for row in rows), strict=True)
    return {name: [int(cell.replace(",", "")) for cell in cells] for name, cells in zip(head[1:], columns, strict=True)}


def repeated_ids(page: Page) -> set[str]:
    """Ids that more than one element has: a page in which there are some leads assistive technology astray."""
    ids = list(_ids(page))
    return {each for each in ids if ids.count(each) > 1}


def _ids(page: Page) -> Iterator[str]:
    for node in document(page).css("[id]"):
        yield node.attributes["id"] or ""
