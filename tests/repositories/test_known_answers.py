"""What is known of projects while it cannot be stored: held in memory, bounded, and never instead of newer rows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pyproxy.net.lull import Lull
from pyproxy.repositories.known_answers import PUT_OFF_LIMIT, KnownAnswers
from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.pages import KnownPage, PageKey, PageStore
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore
from tests.waiting import until

DEMO = NormalizedName("demo")
PAGE = KnownPage(
    tag="a",
    etag='"1"',
    last_modified=None,
    checked_at=1000.0,
    changed_at=1000.0,
    page_url="https://example.org/simple/demo/",
    serial=None,
)
GONE = PageKey(99, 1)
"""An upstream that has been removed: nothing of it can be stored."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "pyproxy.db")
    yield database
    database.close()


@pytest.fixture
def key(database: Database, tmp_path: Path) -> PageKey:
    store = UpstreamStore(database, SecretBox.open(tmp_path, {}))
    return store.add(UpstreamSettings(name="first", url="https://example.org")).key


async def test_a_stored_answer_is_read_from_the_store(database: Database, key: PageKey) -> None:
    answers = KnownAnswers(key, PageStore(database))
    await answers.keep_page(DEMO, PAGE, b"body")

    assert answers.get(DEMO) == PAGE == PageStore(database).get(key, DEMO)
    assert answers.body("a") == b"body"
    await PageStore(database).purge(DEMO)
    assert answers.get(DEMO) is None
    assert answers.body("a") is None


async def test_what_cannot_be_stored_is_held(database: Database) -> None:
    answers = KnownAnswers(GONE, PageStore(database))
    await answers.keep_page(DEMO, PAGE, b"body")

    assert (answers.get(DEMO), answers.body("a")) == (PAGE, b"body")
    await answers.confirm(DEMO, PAGE, 2000.0, '"2"')
    assert answers.get(DEMO) == replace(PAGE, checked_at=2000.0, etag='"2"')
    assert answers.body("a") == b"body"
    await answers.keep_missing(DEMO, 3000.0)
    known = answers.get(DEMO)
    assert known is not None
    assert (known.tag, known.checked_at, answers.body("a")) == (None, 3000.0, None)


async def test_a_304_for_a_page_that_was_purged_meanwhile_brings_nothing_back(database: Database, key: PageKey) -> None:
    answers = KnownAnswers(key, PageStore(database))

    await answers.confirm(DEMO, PAGE, 2000.0, None)

    assert answers.get(DEMO) is None


async def test_a_newer_row_of_another_worker_counts_more_than_what_is_held(database: Database, key: PageKey) -> None:
    answers = KnownAnswers(key, PageStore(database))
    await database.write(lambda connection: connection.execute("PRAGMA query_only = ON").fetchall())
    await answers.keep_page(DEMO, PAGE, b"body")
    other_worker = Database.open(database.path)
    await KnownAnswers(key, PageStore(other_worker)).keep_missing(DEMO, 2000.0)
    other_worker.close()

    known = answers.get(DEMO)
    assert known is not None
    assert known.tag is None


async def test_what_is_held_is_bounded_and_the_oldest_goes_first(database: Database) -> None:
    answers = KnownAnswers(GONE, PageStore(database), held_limit=10_000)
    for number in range(10):
        await answers.keep_page(NormalizedName(f"p{number}"), replace(PAGE, tag=f"t{number}"), b"x" * 3000)

    held = [number for number in range(10) if answers.get(NormalizedName(f"p{number}")) is not None]
    assert held == [8, 9]
    assert [answers.body(f"t{number}") is not None for number in (7, 8, 9)] == [False, True, True]


async def test_a_purge_takes_what_is_held_as_well(database: Database) -> None:
    answers = KnownAnswers(GONE, PageStore(database))
    await answers.keep_missing(DEMO, 1000.0)
    answers.forget(DEMO)
    answers.forget(NormalizedName("other"))
    assert answers.get(DEMO) is None


async def test_in_a_burst_an_answer_counts_at_once_and_is_stored_in_the_next_lull(
    database: Database, key: PageKey
) -> None:
    lull = Lull()
    answers = KnownAnswers(key, PageStore(database), lull=lull)
    with lull.arriving():
        await answers.keep_page(DEMO, PAGE, b"body")
        assert (answers.get(DEMO), answers.body("a")) == (PAGE, b"body")
        assert PageStore(database).get(key, DEMO) is None
    await answers.stored()
    assert answers.get(DEMO) == PAGE == PageStore(database).get(key, DEMO)
    assert answers.body("a") == b"body"


async def test_what_is_purged_before_it_is_stored_is_not_stored_afterwards(database: Database, key: PageKey) -> None:
    lull = Lull()
    answers = KnownAnswers(key, PageStore(database), lull=lull)
    with lull.arriving():
        await answers.keep_page(DEMO, PAGE, b"body")
        answers.forget(DEMO)
    await answers.stored()
    assert answers.get(DEMO) is PageStore(database).get(key, DEMO) is None


async def test_of_two_answers_in_a_burst_the_newer_one_is_stored(database: Database, key: PageKey) -> None:
    lull = Lull()
    answers = KnownAnswers(key, PageStore(database), lull=lull)
    with lull.arriving():
        await answers.keep_page(DEMO, PAGE, b"body")
        await answers.keep_page(DEMO, replace(PAGE, tag="b", checked_at=1001.0, changed_at=1001.0), b"other")
    await answers.stored()
    stored = PageStore(database).get(key, DEMO)
    assert stored is not None
    assert (stored.tag, answers.body("a"), answers.body("b")) == ("b", None, b"other")


async def test_what_was_purged_elsewhere_while_it_was_put_off_is_not_stored(database: Database, key: PageKey) -> None:
    """By a command: this process hears of it a moment later."""
    lull = Lull()
    answers = KnownAnswers(key, PageStore(database), lull=lull)
    with lull.arriving():
        await answers.keep_page(DEMO, PAGE, b"body")
        await asyncio.sleep(0)
        await PageStore(database).purge(DEMO)
    await answers.stored()
    assert PageStore(database).get(key, DEMO) is None
    answers.forget_put_off()
    assert answers.get(DEMO) is None


async def test_a_confirmation_that_is_put_off_counts_only_beside_the_page(database: Database, key: PageKey) -> None:
    """Else a page that somebody purges has no body, and its files would be told to be listed by nobody."""
    lull, pages = Lull(), PageStore(database)
    answers = KnownAnswers(key, pages, lull=lull)
    await answers.keep_page(DEMO, PAGE, b"body")
    with lull.arriving():
        await answers.confirm(DEMO, PAGE, 1001.0, None)
        known = answers.get(DEMO)
        assert known is not None
        assert known.checked_at == 1001.0
        await pages.purge(DEMO)
        assert answers.get(DEMO) is None
    await answers.stored()
    assert answers.get(DEMO) is None


async def test_what_is_held_for_want_of_room_outlives_a_purge_of_others(database: Database) -> None:
    """Only what is put off may be what was meant; this can be had nowhere else."""
    answers = KnownAnswers(GONE, PageStore(database))
    await answers.keep_page(DEMO, PAGE, b"body")
    answers.forget_put_off()
    assert answers.get(DEMO) == PAGE


async def test_what_was_put_off_does_not_replace_what_a_successor_was_told(database: Database, key: PageKey) -> None:
    lull = Lull()
    before, after = (KnownAnswers(key, PageStore(database), lull=lull) for _ in range(2))
    with lull.arriving():
        await before.keep_page(DEMO, PAGE, b"body")
        await asyncio.sleep(0)
    newer = replace(PAGE, tag="b", checked_at=1001.0, changed_at=1001.0)
    await after.keep_page(DEMO, newer, b"other")
    await before.stored()
    assert after.get(DEMO) == newer


async def test_in_a_burst_of_big_pages_they_are_stored_before_they_are_too_many(
    database: Database, key: PageKey
) -> None:
    lull = Lull()
    answers = KnownAnswers(key, PageStore(database), lull=lull)
    body = b"x" * (PUT_OFF_LIMIT // 2)
    with lull.arriving():
        for number in range(4):
            page = replace(PAGE, tag=f"t{number}")
            await answers.keep_page(NormalizedName(f"p{number}"), page, body)
        names = [NormalizedName(f"p{number}") for number in range(4)]
        await until(lambda: all(PageStore(database).get(key, name) is not None for name in names[1:]))
        assert PageStore(database).get(key, names[0]) is None
    await answers.stored()
