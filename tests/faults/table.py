"""The fault matrix: every failure of an upstream x every route x what is known here, and what the design promises.

A cell says what a client gets:

===================  ==========================================================================================
``hit``              200 from what is here, and the upstream is not asked at all
``stale, WHY``       200 with the answer known before, ``Cache-Status: pyproxy; fwd=stale; detail=WHY``
``broken``           200 and a body that visibly breaks off: fewer bytes than announced, then a reset
``502`` ``504``      a problem whose reason phrase names the upstream and the cause, with ``Retry-After``
``404``              a problem that says that nobody has it, without ``Retry-After``
``miss``             200 from the upstream: this failure does not matter here
``made``             200 with a document made from the page and the release's metadata; ``made, WHY``: for want of
                     the upstream's own, which failed so
===================  ==========================================================================================

What is known: *unknown*, nothing at all; *fresh*, the page (and the JSON document) was fetched just now; *stale*, the
same a day ago; *cached*, a day ago the page was fetched, and the file with it. The file itself is here only where it
is *cached*. Routes: the project page, the file and its metadata by their links, the legacy JSON API.
"""

from __future__ import annotations

from dataclasses import dataclass

ROUTES = ("page", "file", "metadata", "JSON")
STATES = ("unknown", "fresh", "stale", "cached")


@dataclass(frozen=True)
class Cell:
    """One meeting of a failure, a route and a state."""

    failure: str
    route: str
    state: str
    expected: str

    def __str__(self) -> str:
        known = {"unknown": "nothing known", "cached": "file cached"}.get(self.state, f"page {self.state}")
        return f"upstream {self.failure}, {self.route}, {known}: {self.expected}"


TABLE = """
| upstream                      | known   | page                    | file   | metadata | JSON                    |
|-------------------------------|---------|-------------------------|--------|----------|-------------------------|
| refuses connections           | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | 502    | 502      | hit                     |
|                               | stale   | stale, unreachable      | 502    | 502      | stale, unreachable      |
|                               | cached  | stale, unreachable      | hit    | hit      | stale, unreachable      |
| swallows connections          | unknown | 504                     | 504    | 504      | 504                     |
|                               | fresh   | hit                     | 504    | 504      | hit                     |
|                               | stale   | stale, timeout          | 504    | 504      | stale, timeout          |
|                               | cached  | stale, timeout          | hit    | hit      | stale, timeout          |
| has a name nobody finds       | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | 502    | 502      | hit                     |
|                               | stale   | stale, unreachable      | 502    | 502      | stale, unreachable      |
|                               | cached  | stale, unreachable      | hit    | hit      | stale, unreachable      |
| is not to be trusted          | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | 502    | 502      | hit                     |
|                               | stale   | stale, unreachable      | 502    | 502      | stale, unreachable      |
|                               | cached  | stale, unreachable      | hit    | hit      | stale, unreachable      |
| accepts and is silent         | unknown | 504                     | 504    | 504      | 504                     |
|                               | fresh   | hit                     | 504    | 504      | hit                     |
|                               | stale   | stale, refreshing       | 504    | 504      | stale, refreshing       |
|                               | cached  | stale, refreshing       | hit    | hit      | stale, refreshing       |
| stalls after its headers      | unknown | 504                     | 504    | 504      | 504                     |
|                               | fresh   | hit                     | 504    | 504      | hit                     |
|                               | stale   | stale, timeout          | 504    | 504      | stale, timeout          |
|                               | cached  | stale, timeout          | hit    | hit      | stale, timeout          |
| stalls half-way               | unknown | 504                     | 504    | 504      | 504                     |
|                               | fresh   | hit                     | broken | 504      | hit                     |
|                               | stale   | stale, timeout          | broken | 504      | stale, timeout          |
|                               | cached  | stale, timeout          | hit    | hit      | stale, timeout          |
| resets before it answers      | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | 502    | 502      | hit                     |
|                               | stale   | stale, unreachable      | 502    | 502      | stale, unreachable      |
|                               | cached  | stale, unreachable      | hit    | hit      | stale, unreachable      |
| resets after its headers      | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | 502    | 502      | hit                     |
|                               | stale   | stale, unreachable      | 502    | 502      | stale, unreachable      |
|                               | cached  | stale, unreachable      | hit    | hit      | stale, unreachable      |
| resets half-way               | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | broken | 502      | hit                     |
|                               | stale   | stale, unreachable      | broken | 502      | stale, unreachable      |
|                               | cached  | stale, unreachable      | hit    | hit      | stale, unreachable      |
| ends half-way                 | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | broken | 502      | hit                     |
|                               | stale   | stale, invalid-response | broken | 502      | stale, invalid-response |
|                               | cached  | stale, invalid-response | hit    | hit      | stale, invalid-response |
| ends half-way, length unsaid  | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | broken | 502      | hit                     |
|                               | stale   | stale, invalid-response | broken | 502      | stale, invalid-response |
|                               | cached  | stale, invalid-response | hit    | hit      | stale, invalid-response |
| ends half-way between chunks  | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | broken | 502      | hit                     |
|                               | stale   | stale, invalid-response | broken | 502      | stale, invalid-response |
|                               | cached  | stale, invalid-response | hit    | hit      | stale, invalid-response |
| sends an empty body           | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | 502    | 502      | hit                     |
|                               | stale   | stale, invalid-response | 502    | 502      | stale, invalid-response |
|                               | cached  | stale, invalid-response | hit    | hit      | stale, invalid-response |
| sends more than there is      | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | 502    | 502      | hit                     |
|                               | stale   | stale, invalid-response | 502    | 502      | stale, invalid-response |
|                               | cached  | stale, invalid-response | hit    | hit      | stale, invalid-response |
| sends more, length unsaid     | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | broken | 502      | hit                     |
|                               | stale   | stale, invalid-response | broken | 502      | stale, invalid-response |
|                               | cached  | stale, invalid-response | hit    | hit      | stale, invalid-response |
| sends files with a wrong end  | unknown | miss                    | broken | 502      | miss                    |
|                               | fresh   | hit                     | broken | 502      | hit                     |
|                               | stale   | miss                    | broken | 502      | miss                    |
|                               | cached  | miss                    | hit    | hit      | miss                    |
| is silent about its files     | unknown | miss                    | 504    | 504      | miss                    |
|                               | fresh   | hit                     | 504    | 504      | hit                     |
|                               | stale   | miss                    | 504    | 504      | miss                    |
|                               | cached  | miss                    | hit    | hit      | miss                    |
| lacks its files               | unknown | miss                    | 404    | 404      | miss                    |
|                               | fresh   | hit                     | 404    | 404      | hit                     |
|                               | stale   | miss                    | 404    | 404      | miss                    |
|                               | cached  | miss                    | hit    | hit      | miss                    |
| fails in its JSON API         | unknown | miss                    | miss   | miss     | made, status-500        |
|                               | fresh   | hit                     | miss   | miss     | hit                     |
|                               | stale   | miss                    | miss   | miss     | stale, status-500       |
|                               | cached  | miss                    | hit    | hit      | made, status-500        |
| has no JSON API               | unknown | miss                    | miss   | miss     | made                    |
|                               | fresh   | hit                     | miss   | miss     | hit                     |
|                               | stale   | miss                    | miss   | miss     | made                    |
|                               | cached  | miss                    | hit    | hit      | made                    |
| answers 401                   | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | 502    | 502      | hit                     |
|                               | stale   | stale, status-401       | 502    | 502      | stale, status-401       |
|                               | cached  | stale, status-401       | hit    | hit      | stale, status-401       |
| answers 403                   | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | 502    | 502      | hit                     |
|                               | stale   | stale, status-403       | 502    | 502      | stale, status-403       |
|                               | cached  | stale, status-403       | hit    | hit      | stale, status-403       |
| answers 404                   | unknown | 404                     | 404    | 404      | 404                     |
|                               | fresh   | hit                     | 404    | 404      | hit                     |
|                               | stale   | 404                     | 404    | 404      | 404                     |
|                               | cached  | 404                     | hit    | hit      | 404                     |
| answers 410                   | unknown | 404                     | 404    | 404      | 404                     |
|                               | fresh   | hit                     | 404    | 404      | hit                     |
|                               | stale   | 404                     | 404    | 404      | 404                     |
|                               | cached  | 404                     | hit    | hit      | 404                     |
| answers 429                   | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | 502    | 502      | hit                     |
|                               | stale   | stale, status-429       | 502    | 502      | stale, status-429       |
|                               | cached  | stale, status-429       | hit    | hit      | stale, status-429       |
| answers 500                   | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | 502    | 502      | hit                     |
|                               | stale   | stale, status-500       | 502    | 502      | stale, status-500       |
|                               | cached  | stale, status-500       | hit    | hit      | stale, status-500       |
| answers 503                   | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | 502    | 502      | hit                     |
|                               | stale   | stale, status-503       | 502    | 502      | stale, status-503       |
|                               | cached  | stale, status-503       | hit    | hit      | stale, status-503       |
| speaks no HTTP                | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | 502    | 502      | hit                     |
|                               | stale   | stale, invalid-response | 502    | 502      | stale, invalid-response |
|                               | cached  | stale, invalid-response | hit    | hit      | stale, invalid-response |
| answers a login page          | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | 502    | 502      | hit                     |
|                               | stale   | stale, invalid-response | 502    | 502      | stale, invalid-response |
|                               | cached  | stale, invalid-response | hit    | hit      | stale, invalid-response |
| leads elsewhere               | unknown | 502                     | 502    | 502      | 502                     |
|                               | fresh   | hit                     | 502    | 502      | hit                     |
|                               | stale   | stale, invalid-response | 502    | 502      | stale, invalid-response |
|                               | cached  | stale, invalid-response | hit    | hit      | stale, invalid-response |
"""


def cells() -> list[Cell]:
    """The cells of the table, row by row."""
    found, failure = [], ""
    for line in TABLE.strip().splitlines()[2:]:
        first, state, *answers = (column.strip() for column in line.strip("|").split("|"))
        failure = first or failure
        found += [Cell(failure, route, state, answer) for route, answer in zip(ROUTES, answers, strict=True)]
    return found
