"""What waits for being written one by one: everything, or a share of it and how many were left out."""

from __future__ import annotations

import random
from collections import Counter

from pyproxy.admin.history.client_requests import row_of
from pyproxy.admin.history.recent import Recent, Sample
from pyproxy.storage.activity import ClientRequest
from tests.admin.history.requests import Ended


def row(at: int) -> ClientRequest:
    return row_of(Ended(), "hit", float(at))


def offered(recent: Recent[ClientRequest], times: range, *, failed: bool = False) -> None:
    for at in times:
        recent.offer(failed, row, at)


def test_up_to_the_limit_each_is_kept() -> None:
    recent: Recent[ClientRequest] = Recent(rows_per_batch=6, failures_per_batch=2)
    offered(recent, range(6))
    assert recent.take() == ([row(at) for at in range(6)], 0)
    assert recent.take() == ([], 0)


def test_above_it_a_share_is_kept_in_the_order_of_time_and_the_others_are_counted() -> None:
    recent: Recent[ClientRequest] = Recent(rows_per_batch=6, failures_per_batch=2)
    offered(recent, range(100))
    rows, left_out = recent.take()
    assert (len(rows), left_out) == (6, 94)
    assert rows == sorted(rows, key=lambda row: row.at)


def test_failures_are_not_pushed_out_by_what_went_well() -> None:
    recent: Recent[ClientRequest] = Recent(rows_per_batch=6, failures_per_batch=2)
    offered(recent, range(100))
    offered(recent, range(200, 202), failed=True)
    rows, left_out = recent.take()
    assert [each.at for each in rows[-2:]] == [200.0, 201.0]
    assert (len(rows), left_out) == (8, 94)


def test_everything_has_the_same_chance_of_being_kept() -> None:
    chance, kept = random.Random(5), Counter[int]()
    for _ in range(2000):
        sample: Sample[ClientRequest] = Sample(5, chance.random)
        for at in range(20):
            sample.offer(at, row, at)
        kept.update(number for number, _ in sample.take()[0])
    assert sum(kept.values()) == 10_000
    assert all(400 < kept[at] < 600 for at in range(20)), kept


def test_what_is_not_kept_is_not_even_made() -> None:
    made = []

    def make() -> ClientRequest:
        made.append(1)
        return row(1)

    sample: Sample[ClientRequest] = Sample(2, lambda: 0.999)
    for number in range(100):
        sample.offer(number, make)
    assert len(made) == 2


def test_what_could_not_be_written_comes_first_the_next_time() -> None:
    recent: Recent[ClientRequest] = Recent(rows_per_batch=6, failures_per_batch=2)
    offered(recent, range(3))
    unwritten, left_out = recent.take()
    offered(recent, range(3, 5))
    recent.take_back(unwritten, left_out)
    assert recent.take() == ([row(at) for at in range(5)], 0)


def test_what_waits_for_a_database_is_bounded_and_the_oldest_goes() -> None:
    recent: Recent[ClientRequest] = Recent(rows_per_batch=6, failures_per_batch=2, pending=10)
    for start in range(0, 60, 6):
        offered(recent, range(start, start + 6))
        recent.take_back(*recent.take())
    assert recent.take() == ([row(at) for at in range(50, 60)], 50)
