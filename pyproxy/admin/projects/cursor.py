"""Where one page of a list of projects ends and the next begins, as a text that may stand in an address."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from pyproxy.storage.projects import Place, Sort

_CURSOR = re.compile(r"(after|before)~(name|uses|used|size|checked)~([0-9]{1,12})~([0-9.e+-]{1,32})~([a-z0-9-]{1,200})")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The projects after a place (or before it) in an order; ``passed`` of them came before that place, or so.

    Projects come and go, so the number is for people; the place decides.
    """

    sort: Sort
    place: Place
    passed: int
    backwards: bool = False

    def __str__(self) -> str:
        direction = "before" if self.backwards else "after"
        return f"{direction}~{self.sort}~{self.passed}~{self.place.key!r}~{self.place.project}"

    @classmethod
    def read(cls, text: str | None, sort: Sort) -> Cursor | None:
        """The cursor that somebody sent; ``None`` for what is none, or belongs to another order: begin again."""
        found = _CURSOR.fullmatch(text or "")
        if found is None or found[2] != sort:
            return None
        try:
            key = float(found[4])
        except ValueError:
            return None
        if not math.isfinite(key):
            return None
        return cls(sort, Place(key, found[5]), int(found[3]), found[1] == "before")
