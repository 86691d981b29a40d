"""The same failures where a second upstream has the same project: what the design promises then.

The second one's file has the same name and bytes. A cell says whose answer a client gets:

==================  ===========================================================================================
``first``           200, as if nothing had failed; ``strict`` the same (that is its name where it is to ``stop``)
``first, stale``    200 with what the first one answered before; the second is not asked for it
``second``          200: the first one says that it has no such project, and so the second owns it
``degraded``        200 of the second, marked, not to be kept: the first one failed, and nothing is known of it
``502`` ``504``     a problem that names the first one; the second is not asked (``on_failure: stop``)
``whole``           200 with every byte right, whichever upstream they came from
==================  ===========================================================================================

Columns: a page of which nothing is known, with ``on_failure`` *next* and *stop*; a page known from the first, a day
ago; the file and its metadata, while the first one's page is known.
"""

from __future__ import annotations

from dataclasses import dataclass

COLUMNS = ("next", "stop", "known", "file", "metadata")


@dataclass(frozen=True)
class PairCell:
    """One meeting of a failure of the first upstream with a question."""

    failure: str
    column: str
    expected: str

    def __str__(self) -> str:
        question = {
            "next": "page unknown, on_failure next",
            "stop": "page unknown, on_failure stop",
            "known": "page known",
        }.get(self.column, self.column)
        return f"upstream {self.failure}, {question}: {self.expected}"


TABLE = """
| first upstream               | next     | stop   | known        | file  | metadata |
|------------------------------|----------|--------|--------------|-------|----------|
| refuses connections          | degraded | 502    | first, stale | whole | whole    |
| swallows connections         | degraded | 504    | first, stale | whole | whole    |
| has a name nobody finds      | degraded | 502    | first, stale | whole | whole    |
| is not to be trusted         | degraded | 502    | first, stale | whole | whole    |
| accepts and is silent        | degraded | 504    | first, stale | whole | whole    |
| stalls after its headers     | degraded | 504    | first, stale | whole | whole    |
| stalls half-way              | degraded | 504    | first, stale | whole | whole    |
| resets before it answers     | degraded | 502    | first, stale | whole | whole    |
| resets after its headers     | degraded | 502    | first, stale | whole | whole    |
| resets half-way              | degraded | 502    | first, stale | whole | whole    |
| ends half-way                | degraded | 502    | first, stale | whole | whole    |
| ends half-way, length unsaid | degraded | 502    | first, stale | whole | whole    |
| ends half-way between chunks | degraded | 502    | first, stale | whole | whole    |
| sends an empty body          | degraded | 502    | first, stale | whole | whole    |
| sends more than there is     | degraded | 502    | first, stale | whole | whole    |
| sends more, length unsaid    | degraded | 502    | first, stale | whole | whole    |
| sends files with a wrong end | first    | strict | first        | whole | whole    |
| is silent about its files    | first    | strict | first        | whole | whole    |
| lacks its files              | first    | strict | first        | whole | whole    |
| fails in its JSON API        | first    | strict | first        | whole | whole    |
| has no JSON API              | first    | strict | first        | whole | whole    |
| answers 401                  | degraded | 502    | first, stale | whole | whole    |
| answers 403                  | degraded | 502    | first, stale | whole | whole    |
| answers 404                  | second   | second | second       | whole | whole    |
| answers 410                  | second   | second | second       | whole | whole    |
| answers 429                  | degraded | 502    | first, stale | whole | whole    |
| answers 500                  | degraded | 502    | first, stale | whole | whole    |
| answers 503                  | degraded | 502    | first, stale | whole | whole    |
| speaks no HTTP               | degraded | 502    | first, stale | whole | whole    |
| answers a login page         | degraded | 502    | first, stale | whole | whole    |
| leads elsewhere              | degraded | 502    | first, stale | whole | whole    |
"""


def pair_cells() -> list[PairCell]:
    """The cells of the table, row by row."""
    found = []
    for line in TABLE.strip().splitlines()[2:]:
        failure, *answers = (column.strip() for column in line.strip("|").split("|"))
        found += [PairCell(failure, column, answer) for column, answer in zip(COLUMNS, answers, strict=True)]
    return found
