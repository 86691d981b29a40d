"""The fault matrix, cell by cell: ``table.py`` says what is promised, this holds the server to it."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from pyproxy.net import reception
from tests.faults.bench import Bench, Published, Seen, descriptors, transfers
from tests.faults.failures import ROWS
from tests.faults.table import ROUTES, STATES, Cell, cells
from tests.http.proxy import Answer

CELLS = cells()

MEMORY = "/dev/shm"

HELD_BACK = 64 * 1024
"""Bytes that leave only after the whole is verified."""


@dataclass
class Running:
    """The bench of one row on a loop of its own, and what there was before anything was asked."""

    bench: Bench
    loop: IOLoop
    tasks: frozenset[asyncio.Task[Any]]
    descriptors: int
    transfers: int

    def see(self, cell: Cell) -> Seen:
        seen: Seen = self.loop.run_sync(lambda: self.bench.see(cell))
        return seen


@pytest.fixture(scope="module")
def row(request: pytest.FixtureRequest) -> Iterator[Running]:
    """One failing upstream with the proxy in front of it, for all cells of its row."""
    loop = IOLoop(make_current=False)
    before = descriptors(), transfers()
    # In memory where that can be: a disk's own time would be most of it.
    with (
        tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as directory,
        pytest.MonkeyPatch.context() as patch,
    ):
        # What came of a file has to leave before its upstream is given up, and that is soon here.
        patch.setattr(reception, "GATHER_SECONDS", 0.05)
        bench = Bench(ROWS[request.param], Path(directory))
        loop.run_sync(bench.open)
        yield Running(bench, loop, loop.run_sync(bench.tasks), *before)
        loop.run_sync(bench.close)
    loop.close(all_fds=True)


def _sentence(value: object) -> str:
    return str(value) if isinstance(value, Cell) else ""


_WORDS = {"miss; detail=made-after-": "made, ", "miss; detail=made": "made", "stale; detail=": "stale, "}


def in_words(answer: Answer) -> str:
    """The answer in the words of the table."""
    if answer.status != 200:
        return str(answer.status)
    if answer.broken is not None:
        return "broken"
    said = (answer.cache_status or "").removeprefix("pyproxy; ").removeprefix("fwd=")
    for how, word in _WORDS.items():
        said = said.replace(how, word)
    return said


def check(seen: Seen, cell: Cell) -> None:
    """What a word of the table stands for, beyond the status."""
    answer, content = seen.answer, seen.published.content
    match cell.expected:
        case "404":
            _is_a_problem(answer, "")
            assert "Retry-After" not in answer.headers
        case "502" | "504":
            told = ROWS[cell.failure]
            # A file that nothing is known of fails with its page, unless the page is all right.
            files = cell.route in ("file", "metadata") and (cell.state != "unknown" or not told.cause)
            _is_a_problem(answer, told.of_files if files and told.of_files else told.cause)
            assert answer.reason.startswith("upstream first ")
            assert re.fullmatch("[1-5]", answer.headers["Retry-After"])
        case "broken":
            assert int(answer.headers["Content-Length"]) == len(content)
            assert len(answer.body) <= len(content) - HELD_BACK
            assert content.startswith(answer.body)
        case _:
            assert right(answer, seen.published, cell.route)
            assert answer.upstream == "first"
            assert seen.asked == 0 or cell.expected != "hit", "what is here needs no upstream"


def _is_a_problem(answer: Answer, cause: str) -> None:
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status
    assert problem["title"].startswith(answer.reason.removesuffix("..."))
    assert problem["detail"]
    assert cause in answer.reason


def right(answer: Answer, published: Published, route: str) -> bool:
    """Whether a 200 has what the upstream has."""
    match route:
        case "file":
            return answer.body == published.content
        case "metadata":
            return answer.body == published.metadata
        case "page":
            return [file["filename"] for file in answer.json()["files"]] == [published.filename]
        case _:
            return [file["filename"] for file in answer.json()["urls"]] == [published.filename]


@pytest.mark.parametrize(
    ("row", "cell"), [(each.failure, each) for each in CELLS], indirect=["row"], ids=_sentence, scope="module"
)
def test_the_design_is_kept_where(row: Running, cell: Cell) -> None:
    """(checks 65, 66, 67) (F1, F2, F7, F8, F9, F39) (pain 3, pain 8)"""
    seen = row.see(cell)

    assert in_words(seen.answer) == cell.expected, (seen.answer.reason, seen.errors)
    check(seen, cell)
    assert not seen.errors, "what an upstream does is no defect of ours"
    assert not seen.left_over, "a temporary file was left"
    assert not seen.wrong, "a file on the disk has not the bytes that its name says"
    assert not seen.kept or cell.expected.startswith(("miss", "made")), "something was kept of a failure"
    assert right(seen.later, seen.published, cell.route), "the failure outlived itself"


@pytest.mark.parametrize("row", ROWS, indirect=True, scope="module")
def test_nothing_is_left_in_memory_by_an_upstream_that(row: Running) -> None:
    """Tasks, transfers and descriptors: all that a row of failures made is gone."""
    assert row.loop.run_sync(lambda: row.bench.settled(row.tasks)) == frozenset()
    row.loop.run_sync(row.bench.close)
    assert transfers() <= row.transfers
    assert descriptors() <= row.descriptors


def test_every_failure_meets_every_route_in_every_state() -> None:
    assert {each.failure for each in CELLS} == ROWS.keys()
    assert len(CELLS) == len(ROWS) * len(ROUTES) * len(STATES) == len({(c.failure, c.route, c.state) for c in CELLS})
