"""An upstream fails and another one has the same: ``two_upstreams.py`` says what is promised then."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from tests.faults.failures import ROWS
from tests.faults.pair import Pair, PairSeen
from tests.faults.test_matrix import MEMORY
from tests.faults.two_upstreams import PairCell, pair_cells

CELLS = pair_cells()


@pytest.fixture(scope="module")
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[Pair, IOLoop]]:
    """Two upstreams, of which the first fails in one way, and the proxy in front of them."""
    loop = IOLoop(make_current=False)
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as directory:
        bench = Pair(ROWS[request.param], Path(directory))
        loop.run_sync(bench.open)
        yield bench, loop
        loop.run_sync(bench.close)
    loop.close(all_fds=True)


def _sentence(value: object) -> str:
    return str(value) if isinstance(value, PairCell) else ""


@pytest.mark.parametrize(
    ("pair", "cell"), [(each.failure, each) for each in CELLS], indirect=["pair"], ids=_sentence, scope="module"
)
def test_with_another_that_has_it_where_the(pair: tuple[Pair, IOLoop], cell: PairCell) -> None:
    """(check 65) (F9, F18) (pain 5, pain 8, pain 10)"""
    bench, loop = pair
    seen: PairSeen = loop.run_sync(lambda: bench.see_pair(cell))
    answer, published = seen.answer, seen.published

    match cell.expected:
        case "502" | "504":
            assert answer.status == int(cell.expected)
            assert answer.reason.startswith("upstream strict ")
            assert seen.second_asked == 0, "its names are nobody else's business"
        case "degraded":
            assert (answer.status, answer.upstream) == (200, "second")
            assert answer.cache_status == "pyproxy; fwd=miss; detail=degraded"
            assert "max-age=0" in answer.headers["Cache-Control"]
        case "first, stale":
            assert (answer.status, answer.upstream, seen.second_asked) == (200, "first", 0)
            assert (answer.cache_status or "").startswith("pyproxy; fwd=stale; detail=")
        case "whole":
            wanted = published.content if cell.column == "file" else published.metadata
            assert (answer.status, answer.broken, answer.body == wanted) == (200, None, True)
        case _:
            assert (answer.status, answer.upstream) == (200, cell.expected)
            assert answer.cache_status == "pyproxy; fwd=miss"


def test_every_failure_has_its_row() -> None:
    assert {each.failure for each in CELLS} == ROWS.keys()
