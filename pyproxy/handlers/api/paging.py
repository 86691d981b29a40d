"""Lists, a page at a time: ``limit`` says how many, ``cursor`` where to go on, ``next`` is the cursor of the next page.

So a list may change while somebody reads it: nothing that stays is left out or comes twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta

T = TypeVar("T")
R = TypeVar("R")

MOST = 1000
"""Entries of one page."""

Cursor = Annotated[str, Meta(min_length=1, max_length=400)]


class PageQuery(msgspec.Struct, kw_only=True, frozen=True):
    """Which part of a list."""

    limit: Annotated[int, Meta(ge=1, le=MOST, description="So many at most.")] = 100
    cursor: Annotated[Cursor | None, Meta(description="`next` of the page before.")] = None


class NumberedQuery(PageQuery, kw_only=True, frozen=True):
    """Which part of a list that has a number for each element."""

    cursor: Annotated[
        Annotated[str, Meta(pattern="^[0-9]{1,18}$")] | None, Meta(description="`next` of the page before.")
    ] = None

    @property
    def before(self) -> int | None:
        """The cursor; those with smaller numbers are wanted."""
        return None if self.cursor is None else int(self.cursor)


class Listing(msgspec.Struct, Generic[T], kw_only=True, frozen=True):
    """Some of a list, and where it goes on."""

    items: list[T]
    next: Annotated[str | None, Meta(description="The `cursor` of the next page; null on the last one.")]


def cut(
    rows: Iterable[R], key: Callable[[R], str], query: PageQuery, made: Callable[[R], T]
) -> tuple[list[T], str | None]:
    """A page of a list that is short enough to be looked through, in the order of unique keys; and the next cursor."""
    rest = sorted((row for row in rows if query.cursor is None or key(row) > query.cursor), key=key)
    shown = rest[: query.limit]
    return [made(row) for row in shown], key(shown[-1]) if len(rest) > len(shown) else None

